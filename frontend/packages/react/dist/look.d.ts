import { type ReelroomError } from "./api.js";
import type { VideoEventName, VideoPayload } from "./apply.js";
/** An answer of the server as it stands. The same object until something changes. */
export interface Answer<T> {
    /** A value stays in sight while it cannot be had again: then there is an error, too. */
    state: "loading" | "ready" | "missing" | "error";
    value: T | null;
    error: ReelroomError | null;
}
/** What is asked, and when it may have changed. */
export interface Question<T> {
    /** The same for what is the same. */
    readonly name: string;
    ask(signal: AbortSignal): Promise<T>;
    /** Tells whether an event may change the answer. */
    concerns(name: VideoEventName, payload: VideoPayload): boolean;
    /** Makes the answer from the fresh one and the one before. */
    merge(fresh: T, held: T | null): T;
    /** After how long, in ms, it may have changed without an event; null for never. */
    changesIn(value: T): number | null;
}
/** The questions that are asked just now, each once however many want to know. */
export declare class Looks {
    private readonly open;
    private readonly changed;
    private readonly looks;
    constructor(open: () => boolean, changed: (name: string) => void);
    get<T>({ name }: Question<T>): Answer<T>;
    /** Counts a user in; the returned function counts it out. */
    use<T>(question: Question<T>): () => void;
    /** An event has come. */
    heard(name: VideoEventName, payload: VideoPayload): void;
    /** Events may have been lost. */
    lost(): void;
    /** The server can be asked again. */
    up(): void;
    stop(): void;
}
