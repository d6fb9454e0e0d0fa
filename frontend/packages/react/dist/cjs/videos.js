"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Videos = void 0;
const apply_js_1 = require("./apply.js");
const order_js_1 = require("./order.js");
/** How many deleted ids are remembered, so that a late answer does not bring one back. */
const maxDeleted = 1000;
/** The documents that are held, by id, each with what orders it. */
class Videos {
    changed;
    entries = new Map();
    deleted = new Map();
    hidden = new Map();
    turns = 0;
    /** changed hears of each video that is another one now, or gone. */
    constructor(changed) {
        this.changed = changed;
    }
    get(id) {
        return this.entries.get(id)?.video;
    }
    /** What is to be shown of a video: nothing while it is hidden. */
    shown(id) {
        return this.hidden.has(id) ? undefined : this.get(id);
    }
    /** All that are to be shown, in no order. */
    *allShown() {
        for (const [id, { video }] of this.entries)
            if (!this.hidden.has(id))
                yield video;
    }
    ids() {
        return [...this.entries.keys()];
    }
    /** The present moment, for heardSince. */
    get now() {
        return this.turns;
    }
    /** Tells whether a video was heard of after a moment, and later in the log than a place. */
    heardSince(id, moment, cursor) {
        const entry = this.entries.get(id);
        return entry !== undefined && entry.turn > moment && !(0, order_js_1.covers)(cursor, entry.at);
    }
    /** Events up to a place, or any, were lost: what was not read later is not to be trusted. */
    doubt(upTo) {
        for (const entry of this.entries.values())
            if (!(0, order_js_1.covers)(entry.read, upTo))
                entry.suspect = true;
    }
    /** A document that is held is not whole. */
    doubtOne(id) {
        const entry = this.entries.get(id);
        if (entry)
            entry.suspect = true;
    }
    /** Those that were not read since events were lost. */
    suspects() {
        return [...this.entries].filter(([, { suspect }]) => suspect).map(([id]) => id);
    }
    /** Keeps a video out of sight until the returned function is called, or it is deleted. */
    hide(id) {
        this.hidden.set(id, (this.hidden.get(id) ?? 0) + 1);
        this.changed(id);
        let done = false;
        return () => {
            const times = this.hidden.get(id);
            if (done || times === undefined)
                return;
            done = true;
            if (times > 1)
                this.hidden.set(id, times - 1);
            else
                this.hidden.delete(id);
            this.changed(id);
        };
    }
    /** Shows another title until the server tells a newer document, or the returned function is called. */
    rename(id, title) {
        const entry = this.entries.get(id);
        if (!entry)
            return () => { };
        const before = entry.video.title;
        const { rev } = entry.video;
        this.entries.set(id, { ...entry, video: { ...entry.video, title } });
        this.changed(id);
        return () => {
            const now = this.entries.get(id);
            if (!now || now.video.title !== title || now.video.rev > rev)
                return;
            this.entries.set(id, { ...now, video: { ...now.video, title: before } });
            this.changed(id);
        };
    }
    isDeleted(id) {
        return this.deleted.has(id);
    }
    /** Takes an event: drops it when it is not newer than what is held. */
    event(name, payload, cursor) {
        const { videoId: id } = payload;
        const stamp = stampOf(payload, cursor);
        const gone = this.deleted.get(id);
        if (gone) {
            const reborn = gone.epoch !== "" && (0, order_js_1.later)(stamp, gone);
            if (name === "video:deleted" && (reborn || gone.epoch === ""))
                this.bury(id, payload.ts, stamp);
            return reborn && name !== "video:deleted" ? "unknown" : "dropped";
        }
        const held = this.entries.get(id);
        if (!held) {
            if (name !== "video:deleted")
                return "unknown";
            this.bury(id, payload.ts, stamp);
            return "applied";
        }
        if (!(0, order_js_1.newer)(stamp, held.stamp)) {
            // Made anew, and the end of the one that is held was missed.
            return name === "video:queued" && stamp.rev === 1 && (0, order_js_1.later)(stamp, held.stamp) ? "stale" : "dropped";
        }
        if (name === "video:deleted") {
            this.bury(id, payload.ts, stamp);
            return "applied";
        }
        const { video, stale } = (0, apply_js_1.applyEvent)(held.video, name, payload);
        // A revision that was passed over may have changed what this event does not tell.
        const whole = name === "video:updated" && !stale;
        const skipped = !whole && (held.suspect || stamp.attempt > held.stamp.attempt + 1 || stamp.rev > held.stamp.rev + 1);
        this.set(video, stamp, cursor, whole ? cursor : held.read, held.suspect && !whole);
        return stale || skipped ? "stale" : "applied";
    }
    /**
     * Takes a fetched document, unless a newer one is held; cursor is where it was
     * read, when known. As a base it is taken nevertheless: what has happened since follows.
     */
    put(video, cursor = null, base = false) {
        const gone = this.deleted.get(video.id);
        if (gone && createdOf(video) <= gone.since)
            return;
        this.deleted.delete(video.id);
        const place = cursor ? (0, order_js_1.parseCursor)(cursor) : { epoch: "", seq: 0 };
        const held = this.entries.get(video.id);
        const { attempt, rev } = video;
        if (!held) {
            this.set(video, { attempt, rev, ...place }, cursor ?? "", cursor ?? "", false);
            return;
        }
        const anew = createdOf(video) > held.created;
        if (createdOf(video) < held.created)
            return;
        if (!anew && (0, apply_js_1.olderDocument)(video, held.video)) {
            if (base)
                this.set((0, apply_js_1.keepProgress)(video, held.video), { attempt, rev, ...place }, held.at, "", false);
            return;
        }
        // The place only ever moves on: an event of the same revision, or of the life before, was seen before the fetch.
        const { epoch, seq } = (0, order_js_1.later)(place, held.stamp) ? place : held.stamp;
        this.set(anew ? video : (0, apply_js_1.keepProgress)(video, held.video), { attempt, rev, epoch, seq }, cursor ?? "", cursor ?? "", false);
    }
    /** Lets go of a document, which may come back. */
    drop(id) {
        if (this.entries.delete(id))
            this.changed(id);
    }
    /** Removes a deleted video and keeps it away. */
    forget(id) {
        if (this.deleted.has(id))
            return;
        this.bury(id, "", { epoch: "", seq: 0 });
    }
    bury(id, ts, { epoch, seq }) {
        const known = this.entries.get(id)?.created ?? this.deleted.get(id)?.since ?? Infinity;
        this.hidden.delete(id);
        this.drop(id);
        this.deleted.delete(id); // so that it is the youngest
        this.deleted.set(id, { since: Date.parse(ts) || known, epoch, seq });
        if (this.deleted.size > maxDeleted)
            this.deleted.delete(this.deleted.keys().next().value);
        this.changed(id);
    }
    set(video, stamp, at, read, suspect) {
        this.entries.set(video.id, { video, stamp, created: createdOf(video), turn: ++this.turns, at, read, suspect });
        this.changed(video.id);
    }
}
exports.Videos = Videos;
function createdOf(video) {
    return Date.parse(video.createdAt) || 0;
}
function stampOf(payload, cursor) {
    const place = (0, order_js_1.parseCursor)(cursor);
    return { attempt: payload.attempt, rev: payload.rev, epoch: place.epoch, seq: payload.seq ?? place.seq };
}
