import { type Api, type ReelroomError } from "./api.js";
import type { VideoEventName, VideoPayload } from "./apply.js";
import type { Cursor } from "./contract.js";
import type { Videos } from "./videos.js";
/** An event as it came. */
export type Heard = [name: VideoEventName, payload: VideoPayload, cursor: Cursor];
/** A document to fetch: unknown when none is held, stale when the one that is held is not whole. */
interface Waiting {
    why: "unknown" | "stale";
    events: Heard[];
    /** It is known that it must be fetched. */
    needed: boolean;
    fetching: boolean;
}
export interface FetchHandlers {
    /** Tells whether a video that is not held must be fetched, after these events about it. */
    needs(heard: readonly Heard[]): boolean;
    /** Takes an event, now that its document is held. */
    event(...heard: Heard): void;
    /** Too many documents wait: only the list can tell them now. */
    tooMany(cursor: Cursor): void;
    /** One could not be had. */
    failed(problem: ReelroomError, id: string): void;
}
/** Fetches the documents of which events tell too little; what comes before a document arrives is applied to it. */
export declare class Fetches {
    private readonly api;
    private readonly videos;
    private readonly handlers;
    private readonly waiting;
    constructor(api: Api, videos: Videos, handlers: FetchHandlers);
    get idle(): boolean;
    clear(): void;
    has(id: string): boolean;
    forget(id: string): void;
    /** Notes an event whose document must be fetched, or perhaps; settle starts it. */
    add(why: Waiting["why"], ...heard: Heard): void;
    private giveUp;
    /** Starts the fetches that wait, as many as may run, until the signal ends them. */
    settle(signal: AbortSignal): void;
    /** Tells whether the document has come by another way meanwhile. */
    private answered;
    private fetch;
}
export {};
