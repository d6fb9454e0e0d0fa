import type { Cursor } from "./contract.js";
/** A place in the organization's log; the epoch is empty when it is not known. */
export interface Place {
    epoch: string;
    seq: number;
}
/** What orders two states of one video: the place in the log, then attempt and rev. */
export interface Stamp extends Place {
    attempt: number;
    rev: number;
}
/** Splits "epoch.seq"; an unreadable cursor stands before everything. */
export declare function parseCursor(cursor: Cursor | null | undefined): Place;
/** Tells whether who has everything up to `have` has everything up to `want`: only places of one epoch compare. */
export declare function covers(have: Cursor | null, want: Cursor | null): boolean;
/**
 * Tells whether a place comes after another. One of another epoch does, because
 * the old log is gone; a place without an epoch, of an event that was told
 * again, is of the log that the other one stands in.
 */
export declare function later(place: Place, than: Place): boolean;
/**
 * Tells whether an event comes after the state that is held. Up to its place
 * that state has everything, whatever the revision: an id can have a second
 * life, whose revisions begin anew. A revision that is older is so in any place.
 */
export declare function newer(event: Stamp, held: Stamp): boolean;
