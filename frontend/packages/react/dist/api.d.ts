import type { Code, VideoDocument, VideoList } from "./contract.js";
/** A token, or what makes a fresh one whenever it is needed. */
export type Token = string | (() => string | Promise<string>);
/** A refusal over HTTP or at the handshake, with the server's code and its words for people. */
export declare class ReelroomError extends Error {
    readonly code: Code | "network" | "unknown";
    readonly status: number;
    constructor(message: string, code: Code | "network" | "unknown", status?: number);
}
/** Tells whether waiting cannot help: the request itself, or who asks, must change. */
export declare const isFinal: ({ code, status }: ReelroomError) => boolean;
/** Any failure as one with words to show. */
export declare function asError(cause: unknown): ReelroomError;
export declare function resolveToken(token: Token | undefined): Promise<string>;
/** Reads an answer that is not 2xx as problem+json (RFC 9457). */
export declare function problemOf(response: Response): Promise<ReelroomError>;
/** The few calls that the store makes. */
export declare class Api {
    private readonly url;
    private readonly token;
    private readonly fetcher;
    constructor(url: string, token: Token | undefined, fetcher: typeof fetch);
    list(query: URLSearchParams, limit: number, after: string | null, signal: AbortSignal): Promise<VideoList>;
    video(id: string, signal: AbortSignal): Promise<VideoDocument>;
    /** Reads what a path answers. */
    get<T>(path: string, signal: AbortSignal): Promise<T>;
}
