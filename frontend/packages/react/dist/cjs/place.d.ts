import type { Cursor } from "./contract.js";
/**
 * The cursor of the last event, which is what a client comes back with. With a
 * key it outlives a reload of the page, in sessionStorage where there is one.
 */
export declare class LastPlace {
    private readonly key;
    private last;
    private timer;
    constructor(key: string | null);
    get cursor(): Cursor | null;
    /** Moves on to the cursor of an event; not back within an epoch, for what was received stays received. */
    move(cursor: unknown): void;
    /** Stores at once what waits. */
    save(): void;
}
