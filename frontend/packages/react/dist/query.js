import { sorts, statuses, verdicts } from "./contract.js";
/** A query from parameters as the server takes them, for instance those of the page's address; what is not understood is left out. */
export function queryOf(params) {
    const among = (name, known) => (params.get(name) ?? "").split(",").filter((word) => known.includes(word));
    return {
        q: params.get("q") ?? "",
        status: among("status", statuses),
        verdict: among("verdict", verdicts),
        batch: params.get("batch") ?? "",
        sort: among("sort", sorts)[0],
    };
}
/** The parameters of a query, as the server takes them; those that restrict nothing are left out. */
export const paramsOf = (query) => new Query(query).params();
/** The longest text that the server looks for, in characters. */
const maxText = 100;
/** A query in its one form. */
export class Query {
    q;
    needle;
    status;
    verdict;
    batch;
    by;
    sign;
    /** The same for queries that mean the same. */
    name;
    /** Under which its changes are told. */
    topic;
    /** Whether every video belongs to it. */
    all;
    constructor({ q = "", status = [], verdict = [], batch = "", sort = "-createdAt" } = {}) {
        this.q = [...q.trim()].slice(0, maxText).join("");
        this.needle = fold(this.q);
        this.status = listOf(status);
        this.verdict = listOf(verdict);
        this.batch = batch;
        this.sign = sort.startsWith("-") ? -1 : 1;
        this.by = sort.replace("-", "");
        this.all = batch === "" && this.needle === "" && this.status.length === 0 && this.verdict.length === 0;
        this.name = this.params().toString();
        this.topic = `view ${this.name}`;
    }
    /** The query as the server takes it. */
    params() {
        const params = new URLSearchParams();
        if (this.q)
            params.set("q", this.q);
        if (this.status.length)
            params.set("status", this.status.join());
        if (this.verdict.length)
            params.set("verdict", this.verdict.join());
        if (this.batch)
            params.set("batch", this.batch);
        const sort = (this.sign < 0 ? "-" : "") + this.by;
        if (sort !== "-createdAt")
            params.set("sort", sort);
        return params;
    }
    matches({ title, fileName, status, sensitivity, batchId }) {
        if (status === "deleted" || (this.batch && batchId !== this.batch))
            return false;
        if (this.status.length && !this.status.includes(status))
            return false;
        if (this.verdict.length && !(sensitivity && this.verdict.includes(sensitivity.verdict)))
            return false;
        return this.needle === "" || start(title, maxTitle).includes(this.needle) || start(fileName, maxName).includes(this.needle);
    }
    at(video) {
        return { key: this.keyOf(video), id: video.id };
    }
    keyOf({ createdAt, title, size, metadata }) {
        switch (this.by) {
            case "title":
                return start(title, maxTitle);
            case "size":
                return size;
            case "duration":
                return Math.max(metadata?.durationSeconds ?? 0, 0);
            default:
                return Date.parse(createdAt) || 0;
        }
    }
    /** Negative when a stands before b. */
    compare = (a, b) => {
        const order = typeof a.key === "string" ? compareText(a.key, b.key) : a.key - b.key;
        return (order || compareText(a.id, b.id)) * this.sign;
    };
    /**
     * Tells whether a video that was not in sight can come into it by an event,
     * from the little that the event says. It may, as long as nothing speaks
     * against it; inSight tells of a key whether it lies in what was fetched.
     */
    mayEnter(name, payload, inSight) {
        if (this.status.length && payload.status && !this.status.includes(payload.status))
            return false;
        if (this.batch && payload.batchId !== this.batch)
            return false;
        const outcome = name === "video:processed" ? payload : undefined;
        if (this.verdict.length && outcome && !(outcome.sensitivity && this.verdict.includes(outcome.sensitivity.verdict)))
            return false;
        if (payload.attempt === 1 && payload.rev <= young) {
            if (this.verdict.length && !outcome)
                return false;
            if (this.by === "createdAt")
                return inSight(this.sign < 0 ? Infinity : Date.parse(payload.ts) || Infinity);
            return this.by !== "title" || inSight(start(payload.title ?? "", maxTitle));
        }
        if (this.status.length || (this.verdict.length && outcome))
            return true;
        if (this.by !== "duration")
            return false;
        return outcome ? inSight(outcome.metadata?.durationSeconds ?? 0) : name === "video:progress" && payload.stage !== "metadata";
    }
}
/** Up to this revision a video may be heard of for the first time, though its first event was never sent. */
const young = 2;
/** How much of a title and of a file's name the server looks at, in characters. */
const maxTitle = 200;
const maxName = 255;
/** Writes text so that what differs only in case becomes the same, just as the server does (models.Fold). */
export function fold(text) {
    if (/^[\0-\x7f]*$/.test(text))
        return text.toLowerCase();
    let folded = "";
    for (const letter of text) {
        const c = letter.codePointAt(0);
        const covered = (c < 0xa7cb && c !== 0x1c89) || (c >= 0xff21 && c <= 0xff3a) || (c >= 0x1e900 && c <= 0x1e921);
        folded += c === 0x3c2 ? "\u03c3" : covered ? String.fromCodePoint(letter.toLowerCase().codePointAt(0)) : letter;
    }
    return folded;
}
/** The first characters of a text, folded. */
const start = (text, length) => fold(text.length <= length ? text : [...text].slice(0, length).join(""));
const listOf = (given) => [...new Set(typeof given === "string" ? [given] : given)].sort();
/** Orders text by its code points, as a store does; by UTF-16 units, those beyond the first plane would come too early. */
function compareText(a, b) {
    if (a === b)
        return 0;
    const length = Math.min(a.length, b.length);
    let i = 0;
    while (i < length && a.charCodeAt(i) === b.charCodeAt(i))
        i++;
    if (i === length)
        return a.length - b.length;
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    const [high, low] = [x >= 0xd800 && x < 0xe000, y >= 0xd800 && y < 0xe000];
    return high === low ? x - y : high ? 1 : -1;
}
