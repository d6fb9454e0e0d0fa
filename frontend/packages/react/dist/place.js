import { covers, parseCursor } from "./order.js";
/** How long a new place may wait until it is stored, in ms: a burst of events is one write. */
const saveWait = 250;
/**
 * The cursor of the last event, which is what a client comes back with. With a
 * key it outlives a reload of the page, in sessionStorage where there is one.
 */
export class LastPlace {
    key;
    last;
    timer;
    constructor(key) {
        this.key = key;
        const stored = key === null ? null : read(key);
        this.last = parseCursor(stored).epoch ? stored : null;
    }
    get cursor() {
        return this.last;
    }
    /** Moves on to the cursor of an event; not back within an epoch, for what was received stays received. */
    move(cursor) {
        if (typeof cursor !== "string" || !parseCursor(cursor).epoch || covers(this.last, cursor))
            return;
        this.last = cursor;
        if (this.key !== null)
            this.timer ??= setTimeout(() => this.save(), saveWait);
    }
    /** Stores at once what waits. */
    save() {
        if (this.timer === undefined)
            return;
        clearTimeout(this.timer);
        this.timer = undefined;
        write(this.key, this.last);
    }
}
// Outside a browser there is no storage; where a person forbids it, touching it throws.
function read(key) {
    try {
        return sessionStorage.getItem(key);
    }
    catch {
        return null;
    }
}
function write(key, value) {
    try {
        sessionStorage.setItem(key, value);
    }
    catch {
        // the next page load begins anew
    }
}
