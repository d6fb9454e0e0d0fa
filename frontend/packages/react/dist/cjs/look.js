"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.Looks = void 0;
const api_js_1 = require("./api.js");
/** The least time between two askings, and until a failed one is tried again, in ms. */
const pause = 500;
const retryWait = 3_000;
const nothing = { state: "loading", value: null, error: null };
/** One question that is asked again when an event concerns it, and not by the clock. */
class Look {
    question;
    changed;
    users = 0;
    answer = nothing;
    timer;
    asking;
    again = false;
    constructor(question, changed) {
        this.question = question;
        this.changed = changed;
    }
    /** It may have changed: asks soon, and once for all that happens until then. */
    stir(wait = pause) {
        if (this.asking)
            this.again = true;
        else
            this.timer ??= setTimeout(() => void this.ask(), wait);
    }
    /** Asks at once. */
    now() {
        this.stop();
        void this.ask();
    }
    stop() {
        clearTimeout(this.timer);
        this.timer = undefined;
        this.asking?.abort();
        this.asking = undefined;
    }
    async ask() {
        clearTimeout(this.timer);
        this.timer = undefined;
        this.again = false;
        const mine = (this.asking = new AbortController());
        let next;
        try {
            const value = this.question.merge(await this.question.ask(mine.signal), this.answer.value);
            if (mine.signal.aborted)
                return;
            this.answer = { state: "ready", value, error: null };
            next = this.question.changesIn(value);
        }
        catch (cause) {
            if (mine.signal.aborted)
                return;
            const error = (0, api_js_1.asError)(cause);
            const missing = error.status === 404;
            this.answer = { state: missing ? "missing" : "error", value: missing ? null : this.answer.value, error };
            next = (0, api_js_1.isFinal)(error) ? null : retryWait;
        }
        this.asking = undefined;
        this.changed();
        if (this.again)
            this.stir();
        else if (next !== null)
            this.stir(next);
    }
}
/** The questions that are asked just now, each once however many want to know. */
class Looks {
    open;
    changed;
    looks = new Map();
    constructor(open, changed) {
        this.open = open;
        this.changed = changed;
    }
    get({ name }) {
        return this.looks.get(name)?.answer ?? nothing;
    }
    /** Counts a user in; the returned function counts it out. */
    use(question) {
        const { name } = question;
        let look = this.looks.get(name);
        if (!look) {
            look = new Look(question, () => this.changed(name));
            this.looks.set(name, look);
            if (this.open())
                look.now();
        }
        const mine = look;
        mine.users++;
        return () => {
            mine.users--;
            setTimeout(() => {
                if (mine.users > 0 || this.looks.get(name) !== mine)
                    return;
                mine.stop();
                this.looks.delete(name);
            }, 0);
        };
    }
    /** An event has come. */
    heard(name, payload) {
        for (const look of this.looks.values())
            if (look.question.concerns(name, payload))
                look.stir();
    }
    /** Events may have been lost. */
    lost() {
        for (const look of this.looks.values())
            look.now();
    }
    /** The server can be asked again. */
    up() {
        for (const look of this.looks.values())
            if (look.answer.state === "loading" || look.answer.state === "error")
                look.now();
    }
    stop() {
        for (const look of this.looks.values())
            look.stop();
    }
}
exports.Looks = Looks;
