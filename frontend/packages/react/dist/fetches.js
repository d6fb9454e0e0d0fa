import { asError } from "./api.js";
/** Fetches of single documents at a time, how many may wait for one, and how many for a list; and events kept for each. */
const maxFetches = 4;
const maxWaiting = 200;
const maxHeld = 2000;
const maxKept = 50;
/** Fetches the documents of which events tell too little; what comes before a document arrives is applied to it. */
export class Fetches {
    api;
    videos;
    handlers;
    waiting = new Map();
    constructor(api, videos, handlers) {
        this.api = api;
        this.videos = videos;
        this.handlers = handlers;
    }
    get idle() {
        return this.waiting.size === 0;
    }
    clear() {
        this.waiting.clear();
    }
    has(id) {
        return this.waiting.has(id);
    }
    forget(id) {
        this.waiting.delete(id);
    }
    /** Notes an event whose document must be fetched, or perhaps; settle starts it. */
    add(why, ...heard) {
        const [, { videoId }, cursor] = heard;
        let entry = this.waiting.get(videoId);
        if (!entry) {
            if (this.waiting.size >= maxHeld)
                return this.giveUp(cursor);
            this.waiting.set(videoId, (entry = { why, events: [], needed: why === "stale", fetching: false }));
        }
        entry.events.push(heard);
        if (entry.events.length > maxKept)
            entry.events.shift();
    }
    giveUp(cursor) {
        this.waiting.clear();
        this.handlers.tooMany(cursor);
    }
    /** Starts the fetches that wait, as many as may run, until the signal ends them. */
    settle(signal) {
        for (const [id, entry] of this.waiting) {
            if (entry.needed || this.answered(id, entry))
                continue;
            entry.needed = this.handlers.needs(entry.events);
            if (!entry.needed)
                this.waiting.delete(id);
        }
        if (this.waiting.size > maxWaiting)
            return this.giveUp([...this.waiting.values()].at(-1).events.at(-1)[2]);
        let busy = [...this.waiting.values()].filter((entry) => entry.fetching).length;
        for (const [id, entry] of this.waiting) {
            if (busy >= maxFetches)
                return;
            if (entry.fetching || this.answered(id, entry))
                continue;
            entry.fetching = true;
            busy++;
            void this.fetch(id, entry, signal);
        }
    }
    /** Tells whether the document has come by another way meanwhile. */
    answered(id, entry) {
        if (entry.fetching || entry.why === "stale" || !this.videos.get(id))
            return false;
        this.waiting.delete(id);
        for (const heard of entry.events)
            this.handlers.event(...heard);
        return true;
    }
    async fetch(id, entry, signal) {
        let problem;
        try {
            const video = await this.api.video(id, signal);
            if (this.waiting.get(id) === entry) {
                // Every event since the first that is kept will be applied to it once more.
                const whole = entry.events.length < maxKept && video.rev >= entry.events[0][1].rev;
                this.videos.put(video, null, whole);
            }
        }
        catch (cause) {
            problem = asError(cause);
        }
        if (signal.aborted)
            return;
        if (this.waiting.get(id) === entry) {
            this.waiting.delete(id);
            if (!problem)
                for (const heard of entry.events)
                    this.handlers.event(...heard);
            // One that is not there was deleted meanwhile.
            if (problem?.status === 404)
                this.videos.drop(id);
            else if (problem)
                this.handlers.failed(problem, id);
        }
        this.settle(signal);
    }
}
