"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.createLibraryStore = createLibraryStore;
const api_js_1 = require("./api.js");
const fetches_js_1 = require("./fetches.js");
const link_js_1 = require("./link.js");
const look_js_1 = require("./look.js");
const notify_js_1 = require("./notify.js");
const query_js_1 = require("./query.js");
const questions_js_1 = require("./questions.js");
const videos_js_1 = require("./videos.js");
const views_js_1 = require("./views.js");
const watching_js_1 = require("./watching.js");
/** Waits before what failed is fetched again, in ms. */
const retryWaits = [1_000, 2_000, 5_000, 10_000, 30_000];
/** How long after a connect the server may take to tell whether it has given all that was missed, in ms. */
const readyWait = 10_000;
/** Answers of getVideo that are kept, so that the same state is the same object. */
const maxStates = 2000;
const connectionTopic = "connection";
const videoTopic = (id) => `video ${id}`;
function createLibraryStore(options = {}) {
    return new Store(options);
}
class Store {
    link;
    videos;
    notifier = new notify_js_1.Notifier();
    watching;
    /** What the server answered to the watching of a video that it did not give. */
    refused = new Map();
    fetches;
    states = new Map();
    views;
    looks;
    api;
    listeners = new Map();
    connection = { state: "idle", error: null };
    users = 0;
    started;
    failures = 0;
    retry;
    /** A view was closed, whose documents may be of no use any more. */
    crowded = false;
    /** Events were lost while nobody listened. */
    patchy = false;
    /** Since events were lost, all that is held was read again. */
    confirmed = true;
    /** Runs while the server has yet to tell whether everything that was missed has come. */
    unsure;
    constructor({ url = "", socket, token, pageSize = 50, fetch: fetcher = (...args) => fetch(...args) }) {
        const api = (this.api = new api_js_1.Api(url, token, fetcher));
        this.link = new link_js_1.Link(socket, url, token, {
            connection: (next) => {
                this.connection = next;
                this.notifier.changed(connectionTopic);
            },
            up: (from) => this.up(from),
            event: (name, payload, cursor) => {
                this.event(name, payload, cursor);
                if (payload)
                    this.looks.heard(name, payload);
            },
            heard: (name, ...heard) => {
                for (const listener of [...(this.listeners.get(name) ?? [])])
                    listener(...heard);
            },
            ready: (missed, cursor) => {
                if (this.sure() && missed)
                    this.lost(cursor);
            },
            reset: (cursor) => {
                this.sure();
                this.lost(cursor);
            },
        });
        this.videos = new videos_js_1.Videos((id) => {
            const video = this.videos.shown(id);
            for (const view of this.views.open())
                view.take(id, video);
            this.notifier.changed(videoTopic(id));
        });
        this.watching = new watching_js_1.Watching(this.link, (id, ack) => this.answered(id, ack));
        const connected = () => this.started !== undefined && this.link.connected;
        this.looks = new look_js_1.Looks(connected, (name) => this.notifier.changed(name));
        this.views = new views_js_1.Views({
            api,
            videos: this.videos,
            pageSize: Math.min(Math.max(pageSize, 1), 100),
            get open() {
                return connected();
            },
            changed: (view) => this.notifier.changed(view.query.topic),
            settled: () => {
                this.failures = 0;
                this.settle();
            },
            failed: (problem) => this.again(problem),
            ask: (id) => this.watching.has(id) && (this.watching.ask(id), true),
        }, () => {
            this.crowded = true;
            this.settle();
        });
        this.fetches = new fetches_js_1.Fetches(api, this.videos, {
            needs: (heard) => this.needs(heard),
            event: (...heard) => this.event(...heard),
            tooMany: (cursor) => this.lost(cursor),
            failed: (problem, id) => {
                this.videos.doubtOne(id);
                this.confirmed = false;
                for (const view of this.views.open())
                    view.spoil(this.link.cursor);
                this.again(problem);
            },
        });
    }
    /** Counts a user in; the returned function, which may be called twice, counts it out. */
    use(...undo) {
        this.users++;
        if (!this.started) {
            this.started = new AbortController();
            this.link.start();
        }
        let gone = false;
        return () => {
            if (gone)
                return;
            gone = true;
            for (const step of undo)
                step();
            // React's StrictMode leaves and comes back at once: that must not cost a connection.
            setTimeout(() => --this.users === 0 && this.stop(), 0);
        };
    }
    subscribe = (listener) => {
        return this.use(this.notifier.add(listener), this.views.use(everyVideo));
    };
    subscribeConnection = (listener) => this.use(this.notifier.add(listener, connectionTopic));
    subscribeVideo = (id, listener) => this.use(this.notifier.add(listener, videoTopic(id)));
    on = (name, listener) => {
        const entry = (...heard) => listener(...heard);
        if (!this.listeners.has(name))
            this.listeners.set(name, new Set());
        const listeners = this.listeners.get(name).add(entry);
        return this.use(() => listeners.delete(entry));
    };
    view = (wanted) => {
        const query = new query_js_1.Query(wanted);
        return {
            subscribe: (listener) => this.use(this.notifier.add(listener, query.topic), this.views.use(query)),
            get: () => this.views.get(query).get(),
            getIds: () => this.views.get(query).getIds(),
            reload: () => this.views.get(query).reload(),
            loadMore: () => this.views.get(query).loadMore(),
        };
    };
    live(question) {
        return {
            subscribe: (listener) => this.use(this.notifier.add(listener, question.name), this.looks.use(question)),
            get: () => this.looks.get(question),
        };
    }
    batch = (id) => this.live((0, questions_js_1.batchQuestion)(this.api, id));
    counts = () => this.live((0, questions_js_1.countsQuestion)(this.api));
    getLibrary = () => this.views.get(everyVideo).get();
    reload = () => this.views.get(everyVideo).reload();
    loadMore = () => this.views.get(everyVideo).loadMore();
    getConnection = () => this.connection;
    getCursor = () => this.link.cursor;
    getVideo = (id) => {
        const video = this.videos.shown(id) ?? null;
        const refusal = this.refused.get(id);
        const deleted = !video && (this.videos.isDeleted(id) || this.videos.get(id) !== undefined);
        const state = video ? "ready" : deleted || refusal?.code === "not_found" ? "missing" : refusal ? "error" : "loading";
        const error = state === "error" ? refusal : null;
        const held = this.states.get(id);
        if (held && held.video === video && held.state === state && held.error === error && held.deleted === deleted)
            return held;
        const fresh = { state, video, deleted, error };
        if (this.states.size >= maxStates)
            this.states.clear();
        this.states.set(id, fresh);
        return fresh;
    };
    watch = (id) => {
        this.watching.add(id);
        let gone = false;
        return () => {
            if (gone)
                return;
            gone = true;
            setTimeout(() => {
                if (!this.watching.remove(id))
                    return;
                this.refused.delete(id);
                this.states.delete(id);
            }, 0);
        };
    };
    put = (video) => this.videos.put(video);
    forget = (id) => this.videos.forget(id);
    hide = (id) => this.videos.hide(id);
    rename = (id, title) => this.videos.rename(id, title);
    stop() {
        const unsure = this.sure();
        if (unsure || !this.fetches.idle || !this.link.resumes)
            this.patchy = true;
        this.started?.abort();
        this.started = undefined;
        for (const view of this.views.open())
            view.stop();
        this.looks.stop();
        this.calm();
        this.fetches.clear();
        this.watching.stop();
        this.link.stop();
    }
    /** Tries later, as something could not be fetched now. */
    again(error) {
        if ((0, api_js_1.isFinal)(error))
            return; // waiting does not help
        if (this.retry !== undefined)
            return;
        const wait = retryWaits[Math.min(this.failures++, retryWaits.length - 1)];
        this.retry = setTimeout(() => {
            this.calm();
            for (const [id, refusal] of this.refused)
                if (!(0, api_js_1.isFinal)(refusal))
                    this.watching.ask(id);
            for (const view of this.views.used())
                if (!view.whole && !view.busy)
                    void view.reload();
            this.settle();
        }, wait);
    }
    calm() {
        clearTimeout(this.retry);
        this.retry = undefined;
    }
    up(from) {
        if (from !== "resumed")
            this.watching.forget();
        // The session before had not told yet, and the resumed one goes on from it.
        const missed = this.sure() && from === "resumed";
        if (this.patchy || missed || from === "nothing")
            this.lost(null);
        else {
            for (const view of this.views.used())
                if (!view.whole)
                    void view.reload();
            this.looks.up();
            if (from === "unknown")
                this.unsure = setTimeout(() => this.sure() && this.lost(null), readyWait);
        }
        this.patchy = this.confirmed = false;
        this.watching.mend();
    }
    /** Ends the waiting for the server's word; true when there was one. */
    sure() {
        if (this.unsure === undefined)
            return false;
        clearTimeout(this.unsure);
        this.unsure = undefined;
        return true;
    }
    /** Events up to a place, or any, have not come: what is held must be fetched again, unless it was read later. */
    lost(upTo) {
        this.fetches.clear();
        this.confirmed = false;
        this.videos.doubt(upTo);
        this.views.dropUnused();
        for (const view of this.views.used())
            view.fetchUpTo(upTo);
        if (this.link.connected)
            this.looks.lost();
        this.settle();
    }
    answered(id, ack) {
        if (ack.ok) {
            this.refused.delete(id);
            this.videos.put(ack.video, ack.cursor);
        }
        else if (this.watching.has(id)) {
            const error = new api_js_1.ReelroomError(ack.error.message, ack.error.code);
            this.refused.set(id, error);
            if (error.code === "not_found")
                this.videos.drop(id);
            else
                this.again(error);
        }
        this.notifier.changed(videoTopic(id));
    }
    event(name, payload, cursor) {
        if (!payload || typeof payload.videoId !== "string")
            return;
        const id = payload.videoId;
        const effect = this.videos.event(name, payload, cursor);
        if (effect === "dropped")
            return;
        if (name === "video:deleted")
            this.fetches.forget(id);
        else if (effect !== "applied" || this.fetches.has(id))
            this.fetches.add(effect === "unknown" ? effect : "stale", name, payload, cursor);
        this.settle();
    }
    /** Tells whether the document of a video that is not held must be fetched; takes it from the events if they tell it. */
    needs(heard) {
        const { videoId } = heard[0][1];
        const open = this.views.open();
        const whole = heard.findLastIndex(([, payload]) => payload.video);
        const video = heard[whole]?.[1]?.video;
        const wanted = this.watching.has(videoId) ||
            this.notifier.hears(videoTopic(videoId)) ||
            open.some((view) => (video && view.wants(video)) || heard.some((one) => view.mayEnter(...one)));
        if (!wanted || !video)
            return wanted;
        this.videos.put(video, heard[whole][2]);
        for (const one of heard.slice(whole + 1))
            this.event(...one);
        return false;
    }
    /** Starts the fetches that wait. While a list is on its way they do: it may answer them. */
    settle() {
        if (!this.started || this.views.open().some((view) => view.busy))
            return;
        this.fetches.settle(this.started.signal);
        if (this.crowded)
            this.prune();
        if (this.views.used().every((view) => view.whole))
            this.confirm();
    }
    /** The lists are there: what none of them has, and was read before events were lost, is asked for or let go of. */
    confirm() {
        if (this.confirmed)
            return;
        this.confirmed = true;
        const suspects = new Set(this.videos.suspects());
        for (const id of this.watching.ids())
            if (suspects.has(id) || !this.videos.get(id))
                this.watching.ask(id);
        for (const id of suspects)
            if (!this.watching.has(id) && !this.fetches.has(id))
                this.videos.drop(id);
    }
    /** Lets go of documents that nobody has any use for; not while a list is on its way, which may know less of them. */
    prune() {
        this.crowded = false;
        for (const id of this.videos.ids()) {
            const used = this.watching.has(id) || this.fetches.has(id) || this.notifier.hears(videoTopic(id)) || this.views.open().some((view) => view.rows.has(id));
            if (!used)
                this.videos.drop(id);
        }
    }
}
const everyVideo = new query_js_1.Query();
