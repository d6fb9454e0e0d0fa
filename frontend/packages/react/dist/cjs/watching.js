"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Watching = void 0;
/** Who watches which video here, and what the server's session is known to follow. */
class Watching {
    link;
    answered;
    counts = new Map();
    /** Ids that were asked for: true once the server has said yes. A request or an answer may get lost. */
    asked = new Map();
    constructor(link, answered) {
        this.link = link;
        this.answered = answered;
    }
    has(id) {
        return this.counts.has(id);
    }
    ids() {
        return this.counts.keys();
    }
    add(id) {
        const count = this.counts.get(id) ?? 0;
        this.counts.set(id, count + 1);
        if (count === 0)
            this.ask(id);
    }
    /** Returns true when nobody watches the video any more. */
    remove(id) {
        const count = (this.counts.get(id) ?? 1) - 1;
        if (count > 0) {
            this.counts.set(id, count);
            return false;
        }
        this.counts.delete(id);
        this.leave(id);
        return true;
    }
    /** The server's session is a new one, which follows nothing yet. */
    forget() {
        this.asked.clear();
    }
    /** Sends again what may have been lost with the connection. */
    mend() {
        for (const id of this.counts.keys())
            if (!this.asked.get(id))
                this.ask(id);
        for (const id of this.asked.keys())
            if (!this.counts.has(id))
                this.leave(id);
    }
    /** Follows nothing any more. */
    stop() {
        for (const id of this.asked.keys())
            this.leave(id);
        this.asked.clear();
    }
    /** Follows a video, and asks for its present state. */
    ask(id) {
        if (!this.link.connected)
            return;
        if (!this.asked.has(id))
            this.asked.set(id, false);
        this.link.send("video:subscribe", id, (ack) => {
            if (!ack.ok)
                this.asked.delete(id);
            else if (this.asked.has(id))
                this.asked.set(id, true);
            this.answered(id, ack);
        });
    }
    leave(id) {
        this.link.send("video:unsubscribe", id, () => {
            if (!this.counts.has(id))
                this.asked.delete(id);
        });
    }
}
exports.Watching = Watching;
