/** The held videos that belong to a query, in its order: a change costs a search and a shift, not a sort. */
export class Rows {
    query;
    rows = [];
    /** The videos of the rows, in the same places: to copy them is all that a look at them costs. */
    held = [];
    byId = new Map();
    /** The last place that was fetched, beyond which there may be others; null shows all. */
    edge = null;
    constructor(query) {
        this.query = query;
    }
    has(id) {
        return this.byId.has(id);
    }
    /** How many are in sight. */
    get count() {
        return this.edge ? this.search(this.edge, true) : this.rows.length;
    }
    /** Those in sight. */
    videos() {
        return this.held.slice(0, this.count);
    }
    inSight(at) {
        return this.edge === null || this.query.compare(at, this.edge) <= 0;
    }
    /** Notes a video as it is now; undefined when it does not belong here. */
    take(id, video) {
        const old = this.byId.get(id);
        if (!old && !video)
            return "same";
        const at = video && this.query.at(video);
        if (old && at && old.key === at.key) {
            this.held[this.search(old, false)] = video;
            return this.inSight(old) ? "document" : "same";
        }
        let seen = false;
        if (old) {
            const place = this.search(old, false);
            this.rows.splice(place, 1);
            this.held.splice(place, 1);
            this.byId.delete(id);
            seen = this.inSight(old);
        }
        if (at) {
            const place = this.search(at, false);
            this.rows.splice(place, 0, at);
            this.held.splice(place, 0, video);
            this.byId.set(id, at);
            seen ||= this.inSight(at);
        }
        return seen ? "order" : "same";
    }
    /** Takes many at once, as the whole content. */
    fill(videos) {
        const all = videos.map((video) => ({ at: this.query.at(video), video })).sort((a, b) => this.query.compare(a.at, b.at));
        this.rows = all.map(({ at }) => at);
        this.held = all.map(({ video }) => video);
        for (const at of this.rows)
            this.byId.set(at.id, at);
    }
    /** Where a place is, or would be; after it when it is there and asked for so. */
    search(at, after) {
        let [low, high] = [0, this.rows.length];
        while (low < high) {
            const middle = (low + high) >>> 1;
            const order = this.query.compare(this.rows[middle], at);
            if (order < 0 || (after && order === 0))
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
