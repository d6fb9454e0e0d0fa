import { io, type Socket } from "socket.io-client";
import { ReelroomError, resolveToken, type Token } from "./api.js";
import { videoEvents, type VideoEventName, type VideoPayload } from "./apply.js";
import type { Cursor } from "./contract.js";

/** Any socket of socket.io-client, however its events are typed. */
export type AnySocket = Socket<any, any>; // eslint-disable-line @typescript-eslint/no-explicit-any

/** The way to the server, for a page to show. */
export interface Connection {
  /** refused: the server said no and the socket does not try again by itself. */
  state: "idle" | "connecting" | "connected" | "reconnecting" | "refused";
  error: ReelroomError | null;
}

export interface LinkHandlers {
  connection(next: Connection): void;
  /** The socket is up; recovered says that nothing was missed meanwhile. */
  up(recovered: boolean): void;
  event(name: VideoEventName, payload: VideoPayload, cursor: Cursor): void;
  reset(): void;
}

/** Waits before a refused connection with a token function is tried again, in ms. */
const retryWaits = [1_000, 2_000, 5_000, 10_000, 30_000];

/** A socket's listeners, put on by start and taken off by stop. */
export class Link {
  readonly socket: AnySocket;
  private readonly own: boolean;
  private readonly listeners: [string, (...args: never[]) => void][];
  private retry: ReturnType<typeof setTimeout> | undefined;
  private refusals = 0;

  constructor(
    given: AnySocket | undefined,
    url: string,
    private readonly token: Token | undefined,
    private readonly handlers: LinkHandlers,
  ) {
    this.own = !given;
    this.socket = given ?? connectTo(url, token);
    this.listeners = [
      ["connect", () => this.up(this.socket.recovered)],
      ["connect_error", (error: Error & { data?: { code?: string } }) => this.failed(error)],
      ["disconnect", (reason: string) => this.down(reason)],
      ["stream:reset", () => handlers.reset()],
      ...videoEvents.map((name): [string, (...args: never[]) => void] => [
        name,
        (payload: VideoPayload, ...rest: unknown[]) => {
          const last = rest[rest.length - 1];
          handlers.event(name, payload, typeof last === "string" ? last : "");
        },
      ]),
    ];
  }

  get connected(): boolean {
    return this.socket.connected;
  }

  start(): void {
    for (const [name, listener] of this.listeners) this.socket.on(name, listener);
    if (this.socket.connected) {
      // Whatever the socket has recovered, it was before anybody listened here.
      this.up(false);
      return;
    }
    this.handlers.connection({ state: "connecting", error: null });
    if (this.own) this.socket.connect();
  }

  stop(): void {
    clearTimeout(this.retry);
    for (const [name, listener] of this.listeners) this.socket.off(name, listener);
    if (this.own) this.socket.disconnect();
    this.handlers.connection({ state: "idle", error: null });
  }

  /** Sends a request and hands on its answer; lost with the connection. */
  send(event: string, argument: unknown, answer?: (ack: never) => void): void {
    if (!this.socket.connected) return;
    if (answer) this.socket.emit(event, argument, answer);
    else this.socket.emit(event, argument);
  }

  private up(recovered: boolean): void {
    this.refusals = 0;
    this.handlers.connection({ state: "connected", error: null });
    this.handlers.up(recovered);
  }

  private failed(error: Error & { data?: { code?: string } }): void {
    if (this.socket.active) {
      this.handlers.connection({ state: "reconnecting", error: new ReelroomError("The server cannot be reached.", "network") });
      return;
    }
    this.refused(new ReelroomError(error.message, (error.data?.code as ReelroomError["code"]) ?? "unknown"));
  }

  private down(reason: string): void {
    if (this.socket.active) this.handlers.connection({ state: "reconnecting", error: null });
    else if (reason === "io server disconnect") this.refused(new ReelroomError("The server closed the connection.", "unknown"));
    else this.handlers.connection({ state: "idle", error: null });
  }

  /** A fresh token may be let in, so a token function is asked again after a while. */
  private refused(error: ReelroomError): void {
    this.handlers.connection({ state: "refused", error });
    if (!this.own || typeof this.token !== "function") return;
    const wait = retryWaits[Math.min(this.refusals++, retryWaits.length - 1)];
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.socket.connect(), wait);
  }
}

function connectTo(url: string, token: Token | undefined): AnySocket {
  return io(url || undefined!, {
    autoConnect: false,
    auth: (give) => {
      // A token that cannot be had is answered by the server as a missing one.
      resolveToken(token).then(
        (t) => give({ token: t }),
        () => give({}),
      );
    },
  });
}
