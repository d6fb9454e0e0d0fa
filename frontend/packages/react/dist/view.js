import { asError } from "./api.js";
import { covers } from "./order.js";
import { Query } from "./query.js";
import { Rows } from "./rows.js";
/** One query's part of the library: its order, how far it was fetched, and what is being fetched. */
export class View {
    query;
    ground;
    rows;
    status = { state: "idle", error: null, hasMore: false, loadingMore: false };
    library;
    idList;
    next = null;
    loading;
    reloading = false;
    /** Something is missing in what is held, and only the list can tell it. */
    patchy = true;
    /** Where the list was read, and what the one on its way must reach. */
    listed = null;
    reach = null;
    /** Videos that the server did not list though they seem to belong here, and the revision that it said so of. */
    unlisted = new Map();
    constructor(query, ground) {
        this.query = query;
        this.ground = ground;
        this.rows = new Rows(query);
        this.rows.fill([...ground.videos.allShown()].filter((video) => query.matches(video)));
    }
    get busy() {
        return this.loading !== undefined;
    }
    /** What is held of it is all there and up to date. */
    get whole() {
        return this.status.state === "ready" && !this.reloading && !this.patchy;
    }
    get ready() {
        return this.status.state === "ready";
    }
    /** Where its list was read, unless a newer one is on its way. */
    covers(cursor) {
        return !this.reloading && !this.patchy && covers(this.listed, cursor);
    }
    get = () => (this.library ??= { ...this.status, videos: this.rows.videos() });
    getIds = () => (this.idList ??= { ...this.status, ids: this.rows.videos().map(({ id }) => id) });
    /** Notes how a video stands now. */
    take(id, video) {
        const belongs = video && this.query.matches(video) && this.unlisted.get(id) !== video.rev;
        const moved = this.rows.take(id, belongs ? video : undefined);
        if (moved === "same")
            return;
        this.library = undefined;
        if (moved === "order")
            this.idList = undefined;
        this.ground.changed(this);
    }
    /** Tells whether an event can bring a video into sight that is not held. */
    mayEnter(name, payload, cursor) {
        if (this.covers(cursor) || (this.patchy && !this.busy))
            return false; // the list knew of it, or will
        const all = this.loading !== undefined || this.status.state !== "ready" || this.rows.edge === null;
        if (all && this.query.all)
            return true;
        return this.query.mayEnter(name, payload, (key) => all || this.rows.inSight({ key, id: payload.videoId }));
    }
    /** Tells whether a whole document belongs into sight, or may when what is on its way has come. */
    wants(video) {
        if ((this.patchy && !this.busy) || !this.query.matches(video))
            return false;
        return this.busy || this.rows.inSight(this.query.at(video));
    }
    /** Sees to it that what is held is as new as cursor. */
    fetchUpTo(cursor) {
        if (this.reloading)
            this.reach = cursor ?? "";
        else if (this.patchy || !covers(this.listed, cursor))
            void this.reload();
    }
    /** Something of it could not be fetched: it is to be fetched again, later. */
    spoil(cursor) {
        if (this.reloading)
            this.reach = cursor ?? "";
        else
            this.patchy = true;
    }
    /** Ends what is on its way. What it was to bring is missing then. */
    stop() {
        if (this.reloading)
            this.patchy = true;
        this.loading?.abort();
        this.loading = undefined;
        this.reloading = false;
        if (this.status.loadingMore)
            this.show({ loadingMore: false });
    }
    /** Fetches all that was fetched before, or the first page; what is held stays in sight meanwhile. */
    async reload() {
        if (!this.ground.open) {
            this.patchy = true;
            return;
        }
        this.stop();
        const mine = (this.loading = new AbortController());
        this.reloading = true;
        this.patchy = false;
        this.reach = null;
        const begun = this.ground.videos.now;
        if (!this.ready)
            this.show({ state: "loading", error: null });
        try {
            const { pageSize, api, videos } = this.ground;
            const want = Math.max(pageSize, this.ready ? this.rows.count : 0);
            const fetched = [];
            let next = null;
            let cursor = "";
            do {
                const page = await api.list(this.query.params(), want > pageSize ? 100 : pageSize, next, mine.signal);
                if (mine.signal.aborted)
                    return;
                cursor ||= page.cursor;
                next = page.nextCursor || null;
                for (const video of page.data)
                    fetched.push(video);
            } while (next && fetched.length < want);
            this.unlisted.clear();
            for (const video of fetched)
                videos.put(video, cursor);
            this.rows.edge = null;
            this.extend(fetched, next);
            this.listed = cursor;
            this.loading = undefined;
            this.reloading = false;
            this.show({ state: "ready", error: null, hasMore: next !== null });
            this.miss(new Set(fetched.map(({ id }) => id)), begun, cursor);
            if (this.reach !== null && !covers(cursor, this.reach))
                void this.reload();
            this.ground.settled(this);
        }
        catch (cause) {
            if (mine.signal.aborted)
                return;
            const error = asError(cause);
            this.loading = undefined;
            this.reloading = false;
            this.patchy = true;
            this.show({ state: this.ready ? "ready" : "error", error });
            this.ground.failed(error);
        }
    }
    /** Fetches the next page. */
    async loadMore() {
        if (!this.ground.open || !this.next || this.loading)
            return;
        const mine = (this.loading = new AbortController());
        this.show({ loadingMore: true, error: null });
        try {
            const page = await this.ground.api.list(this.query.params(), this.ground.pageSize, this.next, mine.signal);
            if (mine.signal.aborted)
                return;
            for (const video of page.data)
                this.ground.videos.put(video, page.cursor);
            this.loading = undefined;
            this.extend(page.data, page.nextCursor || null);
            this.show({ hasMore: this.next !== null, loadingMore: false });
            this.ground.settled(this);
        }
        catch (cause) {
            if (mine.signal.aborted)
                return;
            const error = asError(cause);
            this.loading = undefined;
            this.show({ error, loadingMore: false });
            // The place that was kept is none any more: all is to be fetched anew.
            if (error.status === 400)
                void this.reload();
            this.ground.settled(this);
        }
    }
    /** Moves the edge of what is in sight beyond these. */
    extend(fetched, next) {
        this.next = next;
        let { edge } = this.rows;
        for (const video of fetched) {
            const at = this.query.at(video);
            if (!edge || this.query.compare(at, edge) > 0)
                edge = at;
        }
        this.rows.edge = next === null ? null : edge;
        this.library = this.idList = undefined;
    }
    /** Lets go of what the list should have had: it is gone, or does not belong here after all. */
    miss(listed, begun, cursor) {
        const { videos } = this.ground;
        for (const { id, rev } of this.rows.videos()) {
            // What was heard of later than the list was read need not be in it.
            if (listed.has(id) || videos.heardSince(id, begun, cursor))
                continue;
            if (!this.query.all) {
                this.unlisted.set(id, rev);
                this.take(id, undefined);
            }
            else if (!this.ground.ask(id))
                videos.drop(id);
        }
    }
    show(change) {
        this.status = { ...this.status, ...change };
        this.library = this.idList = undefined;
        this.ground.changed(this);
    }
}
