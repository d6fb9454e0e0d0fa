import type { VideoEventName, VideoPayload } from "./apply.js";
import { type Status, type Verdict, type VideoDocument, type VideoSort } from "./contract.js";
/** Which videos, and in what order. What is left out, or empty, restricts nothing; without a sort the newest come first. */
export interface VideoQuery {
    /** Looked for in the title and the file's name, whatever the case. */
    q?: string;
    status?: Status | readonly Status[];
    verdict?: Verdict | readonly Verdict[];
    /** The id of a batch, of which alone videos are shown. */
    batch?: string;
    sort?: VideoSort;
}
/** A query from parameters as the server takes them, for instance those of the page's address; what is not understood is left out. */
export declare function queryOf(params: URLSearchParams): VideoQuery;
/** The parameters of a query, as the server takes them; those that restrict nothing are left out. */
export declare const paramsOf: (query: VideoQuery) => URLSearchParams;
/** What a list is ordered by, before the id. */
export type Key = string | number;
/** A place in an ordered list. */
export interface At {
    readonly key: Key;
    readonly id: string;
}
/** A query in its one form. */
export declare class Query {
    private readonly q;
    private readonly needle;
    private readonly status;
    private readonly verdict;
    private readonly batch;
    private readonly by;
    private readonly sign;
    /** The same for queries that mean the same. */
    readonly name: string;
    /** Under which its changes are told. */
    readonly topic: string;
    /** Whether every video belongs to it. */
    readonly all: boolean;
    constructor({ q, status, verdict, batch, sort }?: VideoQuery);
    /** The query as the server takes it. */
    params(): URLSearchParams;
    matches({ title, fileName, status, sensitivity, batchId }: VideoDocument): boolean;
    at(video: VideoDocument): At;
    private keyOf;
    /** Negative when a stands before b. */
    compare: (a: At, b: At) => number;
    /**
     * Tells whether a video that was not in sight can come into it by an event,
     * from the little that the event says. It may, as long as nothing speaks
     * against it; inSight tells of a key whether it lies in what was fetched.
     */
    mayEnter(name: VideoEventName, payload: VideoPayload, inSight: (key: Key) => boolean): boolean;
}
/** Writes text so that what differs only in case becomes the same, just as the server does (models.Fold). */
export declare function fold(text: string): string;
