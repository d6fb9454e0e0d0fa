import type { VideoDocument } from "./contract.js";
import type { At, Query } from "./query.js";
/** What became of a list by a change: the same, another document in it, or other places. */
export type Moved = "same" | "document" | "order";
/** The held videos that belong to a query, in its order: a change costs a search and a shift, not a sort. */
export declare class Rows {
    private readonly query;
    private rows;
    /** The videos of the rows, in the same places: to copy them is all that a look at them costs. */
    private held;
    private readonly byId;
    /** The last place that was fetched, beyond which there may be others; null shows all. */
    edge: At | null;
    constructor(query: Query);
    has(id: string): boolean;
    /** How many are in sight. */
    get count(): number;
    /** Those in sight. */
    videos(): VideoDocument[];
    inSight(at: At): boolean;
    /** Notes a video as it is now; undefined when it does not belong here. */
    take(id: string, video: VideoDocument | undefined): Moved;
    /** Takes many at once, as the whole content. */
    fill(videos: readonly VideoDocument[]): void;
    /** Where a place is, or would be; after it when it is there and asked for so. */
    private search;
}
