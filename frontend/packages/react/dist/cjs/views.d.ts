import type { Query } from "./query.js";
import { View, type Ground } from "./view.js";
/** The views that are open, one for each query, and how many use each. */
export declare class Views {
    private readonly ground;
    private readonly dropped;
    private readonly entries;
    private list;
    /** dropped is told when a view was closed. */
    constructor(ground: Ground, dropped: () => void);
    /** All of them, also those that nobody uses any more. */
    open(): readonly View[];
    used(): View[];
    get(query: Query): View;
    /** Counts a user in; the returned function counts it out. */
    use(query: Query): () => void;
    /** Closes what nobody uses. */
    dropUnused(): void;
    private entry;
    private leaveAfter;
    private bound;
    private drop;
    private changed;
}
