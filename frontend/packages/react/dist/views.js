import { View } from "./view.js";
/** How long a view is kept after its last user has left, in ms, and how many such views are: whoever comes back sees it at once. */
const linger = 30_000;
const maxUnused = 8;
/** The views that are open, one for each query, and how many use each. */
export class Views {
    ground;
    dropped;
    entries = new Map();
    list = [];
    /** dropped is told when a view was closed. */
    constructor(ground, dropped) {
        this.ground = ground;
        this.dropped = dropped;
    }
    /** All of them, also those that nobody uses any more. */
    open() {
        return this.list;
    }
    used() {
        return [...this.entries.values()].filter(({ users }) => users > 0).map(({ view }) => view);
    }
    get(query) {
        return this.entry(query).view;
    }
    /** Counts a user in; the returned function counts it out. */
    use(query) {
        const entry = this.entry(query);
        clearTimeout(entry.leave);
        entry.leave = undefined;
        entry.users++;
        if (entry.users === 1 && !entry.view.whole && !entry.view.busy && this.ground.open)
            void entry.view.reload();
        return () => {
            entry.users--;
            // Who leaves and comes back at once, as in React's StrictMode, must not cost a list.
            if (entry.users === 0)
                this.leaveAfter(entry, entry.view.whole ? linger : 0);
        };
    }
    /** Closes what nobody uses. */
    dropUnused() {
        for (const entry of [...this.entries.values()])
            if (entry.users === 0)
                this.drop(entry);
    }
    entry(query) {
        let entry = this.entries.get(query.name);
        if (!entry) {
            entry = { view: new View(query, this.ground), users: 0, leave: undefined };
            this.entries.set(query.name, entry);
            this.bound();
            this.changed();
        }
        return entry;
    }
    leaveAfter(entry, wait) {
        clearTimeout(entry.leave);
        entry.leave = setTimeout(() => entry.users === 0 && this.drop(entry), wait);
        // It keeps no process alive, where timers do.
        entry.leave.unref?.();
        this.bound();
    }
    bound() {
        const unused = [...this.entries.values()].filter(({ users }) => users === 0);
        if (unused.length > maxUnused)
            this.drop(unused[0]);
    }
    drop(entry) {
        clearTimeout(entry.leave);
        entry.view.stop();
        if (this.entries.get(entry.view.query.name) !== entry)
            return;
        this.entries.delete(entry.view.query.name);
        this.changed();
        this.dropped();
    }
    changed() {
        this.list = [...this.entries.values()].map(({ view }) => view);
    }
}
