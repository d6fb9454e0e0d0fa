import { io, type Socket } from "socket.io-client";
import { ReelroomError, resolveToken, type Token } from "./api.js";
import { videoEvents, type VideoEventName, type VideoPayload } from "./apply.js";
import { eventNames, type AuthExpiring, type Cursor, type EventName, type Problem, type RefreshAck, type StreamReady, type StreamReset } from "./contract.js";
import { covers } from "./order.js";
import { LastPlace } from "./place.js";
import { Refresh } from "./refresh.js";

/** Any socket of socket.io-client, however its events are typed. */
export type AnySocket = Socket<any, any>; // eslint-disable-line @typescript-eslint/no-explicit-any

/** The way to the server, for a page to show. */
export interface Connection {
  /** refused: the server said no and the socket does not try again by itself. */
  state: "idle" | "connecting" | "connected" | "reconnecting" | "refused";
  error: ReelroomError | null;
}

/**
 * What a connection that has just come up goes on from. resumed: the session of
 * the one before, whose events all come. unknown: stream:ready will tell
 * whether what was missed has come. nothing: what was missed does not come.
 */
export type From = "resumed" | "unknown" | "nothing";

export interface LinkHandlers {
  connection(next: Connection): void;
  up(from: From): void;
  event(name: VideoEventName, payload: VideoPayload, cursor: Cursor): void;
  /** Every event, each once, after it was seen to. */
  heard(name: EventName, ...heard: unknown[]): void;
  /** What was missed has come, or it must be fetched: everything up to cursor. */
  ready(missed: boolean, cursor: Cursor | null): void;
  reset(cursor: Cursor | null): void;
}

/** Waits before a refused connection that may be let in later is tried again, in ms. */
const retryWaits = [1_000, 2_000, 5_000, 10_000, 30_000];

/** Refusals that pass by themselves. */
const passing = ["rate_limited", "unavailable"];

type ConnectError = Error & { data?: { code?: string; retryAfter?: number }; context?: { responseText?: string; status?: number } };

/** What the server answered to a handshake by polling, where it said why not; a WebSocket tells nothing. */
function answered(error: ConnectError): ReelroomError | undefined {
  try {
    const { code, detail } = JSON.parse(error.context?.responseText ?? "") as Partial<Problem>;
    if (code && detail) return new ReelroomError(detail, code, error.context?.status);
  } catch {
    // no answer, or none of this server's
  }
  return undefined;
}

/** A socket's listeners, put on by start and taken off by stop. */
export class Link {
  readonly socket: AnySocket;
  private readonly own: boolean;
  private readonly place: LastPlace;
  private readonly refresh: Refresh;
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
    this.place = new LastPlace(given ? null : `reelroom.cursor ${url}`);
    this.socket = given ?? connectTo(url, token, this.place);
    this.refresh = new Refresh(token, (fresh, answer) => this.send("auth:refresh", { token: fresh }, (ack: RefreshAck) => answer(ack)));
    const seeTo: Record<string, (payload: never, cursor: Cursor) => void> = {
      "auth:expiring": (payload: AuthExpiring) => this.refresh.begin(payload.expiresAt),
      "stream:ready": (payload: StreamReady) => this.ready(payload),
      "stream:reset": (payload: StreamReset) => this.reset(payload),
    };
    for (const name of videoEvents) seeTo[name] = (payload: VideoPayload, cursor) => handlers.event(name, payload, cursor);
    this.listeners = [
      ["connect", () => this.up()],
      ["connect_error", (error: ConnectError) => this.failed(error)],
      ["disconnect", (reason: string) => this.down(reason)],
      ...eventNames.map((name): [string, (...args: never[]) => void] => [
        name,
        (payload: never, ...rest: unknown[]) => {
          const last = rest.at(-1);
          const cursor = typeof last === "string" ? last : "";
          // What tells of the connection itself stands at a place, but is no event of the log.
          const logged = /^(video|upload|chat|server|notification):/.test(name);
          const twice = logged && covers(this.place.cursor, cursor);
          if (logged) this.place.move(cursor);
          seeTo[name]?.(payload, cursor);
          if (!twice) handlers.heard(name, payload, cursor);
        },
      ]),
    ];
  }

  get connected(): boolean {
    return this.socket.connected;
  }

  /** The place to come back with: everything up to it was received. */
  get cursor(): Cursor | null {
    return this.place.cursor;
  }

  /** Whether a connection after stop goes on from the cursor: the own socket asks for that, an app's may have heard more. */
  get resumes(): boolean {
    return this.own && this.place.cursor !== null;
  }

  start(): void {
    for (const [name, listener] of this.listeners) this.socket.on(name, listener);
    if (this.socket.connected) {
      // Whatever the socket has recovered, it was before anybody listened here.
      this.handlers.connection({ state: "connected", error: null });
      this.handlers.up("nothing");
      return;
    }
    this.handlers.connection({ state: "connecting", error: null });
    if (this.own) this.socket.connect();
  }

  stop(): void {
    clearTimeout(this.retry);
    this.refresh.stop();
    this.place.save();
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

  private up(): void {
    this.refusals = 0;
    this.handlers.connection({ state: "connected", error: null });
    // Clients before 4.6 do not know of recovered.
    if (this.socket.recovered) this.handlers.up("resumed");
    else this.handlers.up(this.place.cursor === null ? "nothing" : "unknown");
  }

  private ready({ recovered, cursor }: StreamReady): void {
    // A place that was reached before says that nothing has happened since.
    const missed = !recovered && !covers(this.place.cursor, cursor);
    this.place.move(cursor);
    this.handlers.ready(missed, cursor);
  }

  private reset({ cursor }: StreamReset): void {
    this.place.move(cursor);
    this.handlers.reset(cursor);
  }

  private failed(error: ConnectError): void {
    if (this.socket.active) {
      this.handlers.connection({ state: "reconnecting", error: answered(error) ?? new ReelroomError("The server cannot be reached.", "network") });
      return;
    }
    const { code = "unknown", retryAfter = 0 } = error.data ?? {};
    this.refused(new ReelroomError(error.message, code as ReelroomError["code"]), retryAfter * 1000);
  }

  private down(reason: string): void {
    this.refresh.stop();
    if (this.socket.active) this.handlers.connection({ state: "reconnecting", error: null });
    else if (reason === "io server disconnect") this.refused(new ReelroomError("The server closed the connection.", "unknown"));
    else this.handlers.connection({ state: "idle", error: null });
  }

  /** A fresh token may be let in, so a token function is asked again after a while. */
  private refused(error: ReelroomError, least = 0): void {
    this.handlers.connection({ state: "refused", error });
    if (!this.own || (typeof this.token !== "function" && !passing.includes(error.code))) return;
    const wait = retryWaits[Math.min(this.refusals++, retryWaits.length - 1)]!;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.socket.connect(), Math.max(wait, least));
  }
}

function connectTo(url: string, token: Token | undefined, place: LastPlace): AnySocket {
  return io(url || undefined!, {
    autoConnect: false,
    auth: (give) => {
      const after = place.cursor ?? undefined;
      // A token that cannot be had is answered by the server as a missing one.
      resolveToken(token).then(
        (t) => give({ token: t, after }),
        () => give({ after }),
      );
    },
  });
}
