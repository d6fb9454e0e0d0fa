/** Splits "epoch.seq"; an unreadable cursor stands before everything. */
export function parseCursor(cursor) {
    const dot = cursor ? cursor.lastIndexOf(".") : -1;
    const seq = dot > 0 ? Number(cursor.slice(dot + 1)) : NaN;
    return Number.isSafeInteger(seq) ? { epoch: cursor.slice(0, dot), seq } : { epoch: "", seq: 0 };
}
/** Tells whether who has everything up to `have` has everything up to `want`: only places of one epoch compare. */
export function covers(have, want) {
    const [a, b] = [parseCursor(have), parseCursor(want)];
    return a.epoch !== "" && a.epoch === b.epoch && a.seq >= b.seq;
}
/**
 * Tells whether a place comes after another. One of another epoch does, because
 * the old log is gone; a place without an epoch, of an event that was told
 * again, is of the log that the other one stands in.
 */
export function later(place, than) {
    if (place.epoch !== "" && place.epoch !== than.epoch)
        return true;
    return place.seq > than.seq;
}
/**
 * Tells whether an event comes after the state that is held. Up to its place
 * that state has everything, whatever the revision: an id can have a second
 * life, whose revisions begin anew. A revision that is older is so in any place.
 */
export function newer(event, held) {
    if (!later(event, held))
        return false;
    if (event.attempt !== held.attempt)
        return event.attempt > held.attempt;
    return event.rev >= held.rev;
}
