import { type VideoEventName, type VideoPayload } from "./apply.js";
import type { Cursor, VideoDocument } from "./contract.js";
/** What an event did to the documents. */
export type Effect = "dropped" | "applied" | "stale" | "unknown";
/** The documents that are held, by id, each with what orders it. */
export declare class Videos {
    private readonly changed;
    private readonly entries;
    private readonly deleted;
    private readonly hidden;
    private turns;
    /** changed hears of each video that is another one now, or gone. */
    constructor(changed: (id: string) => void);
    get(id: string): VideoDocument | undefined;
    /** What is to be shown of a video: nothing while it is hidden. */
    shown(id: string): VideoDocument | undefined;
    /** All that are to be shown, in no order. */
    allShown(): Iterable<VideoDocument>;
    ids(): string[];
    /** The present moment, for heardSince. */
    get now(): number;
    /** Tells whether a video was heard of after a moment, and later in the log than a place. */
    heardSince(id: string, moment: number, cursor: Cursor): boolean;
    /** Events up to a place, or any, were lost: what was not read later is not to be trusted. */
    doubt(upTo: Cursor | null): void;
    /** A document that is held is not whole. */
    doubtOne(id: string): void;
    /** Those that were not read since events were lost. */
    suspects(): string[];
    /** Keeps a video out of sight until the returned function is called, or it is deleted. */
    hide(id: string): () => void;
    /** Shows another title until the server tells a newer document, or the returned function is called. */
    rename(id: string, title: string): () => void;
    isDeleted(id: string): boolean;
    /** Takes an event: drops it when it is not newer than what is held. */
    event(name: VideoEventName, payload: VideoPayload, cursor: Cursor): Effect;
    /**
     * Takes a fetched document, unless a newer one is held; cursor is where it was
     * read, when known. As a base it is taken nevertheless: what has happened since follows.
     */
    put(video: VideoDocument, cursor?: Cursor | null, base?: boolean): void;
    /** Lets go of a document, which may come back. */
    drop(id: string): void;
    /** Removes a deleted video and keeps it away. */
    forget(id: string): void;
    private bury;
    private set;
}
