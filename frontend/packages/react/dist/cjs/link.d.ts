import { type Socket } from "socket.io-client";
import { ReelroomError, type Token } from "./api.js";
import { type VideoEventName, type VideoPayload } from "./apply.js";
import { type Cursor, type EventName } from "./contract.js";
/** Any socket of socket.io-client, however its events are typed. */
export type AnySocket = Socket<any, any>;
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
/** A socket's listeners, put on by start and taken off by stop. */
export declare class Link {
    private readonly token;
    private readonly handlers;
    readonly socket: AnySocket;
    private readonly own;
    private readonly place;
    private readonly refresh;
    private readonly listeners;
    private retry;
    private refusals;
    constructor(given: AnySocket | undefined, url: string, token: Token | undefined, handlers: LinkHandlers);
    get connected(): boolean;
    /** The place to come back with: everything up to it was received. */
    get cursor(): Cursor | null;
    /** Whether a connection after stop goes on from the cursor: the own socket asks for that, an app's may have heard more. */
    get resumes(): boolean;
    start(): void;
    stop(): void;
    /** Sends a request and hands on its answer; lost with the connection. */
    send(event: string, argument: unknown, answer?: (ack: never) => void): void;
    private up;
    private ready;
    private reset;
    private failed;
    private down;
    /** A fresh token may be let in, so a token function is asked again after a while. */
    private refused;
}
