import type { Query } from "./query.js";
import { View, type Ground } from "./view.js";

/** How long a view is kept after its last user has left, in ms, and how many such views are: whoever comes back sees it at once. */
const linger = 30_000;
const maxUnused = 8;

interface Entry {
  view: View;
  users: number;
  leave: ReturnType<typeof setTimeout> | undefined;
}

/** The views that are open, one for each query, and how many use each. */
export class Views {
  private readonly entries = new Map<string, Entry>();
  private list: View[] = [];

  /** dropped is told when a view was closed. */
  constructor(
    private readonly ground: Ground,
    private readonly dropped: () => void,
  ) {}

  /** All of them, also those that nobody uses any more. */
  open(): readonly View[] {
    return this.list;
  }

  used(): View[] {
    return [...this.entries.values()].filter(({ users }) => users > 0).map(({ view }) => view);
  }

  get(query: Query): View {
    return this.entry(query).view;
  }

  /** Counts a user in; the returned function counts it out. */
  use(query: Query): () => void {
    const entry = this.entry(query);
    clearTimeout(entry.leave);
    entry.leave = undefined;
    entry.users++;
    if (entry.users === 1 && !entry.view.whole && !entry.view.busy && this.ground.open) void entry.view.reload();
    return () => {
      entry.users--;
      // Who leaves and comes back at once, as in React's StrictMode, must not cost a list.
      if (entry.users === 0) this.leaveAfter(entry, entry.view.whole ? linger : 0);
    };
  }

  /** Closes what nobody uses. */
  dropUnused(): void {
    for (const entry of [...this.entries.values()]) if (entry.users === 0) this.drop(entry);
  }

  private entry(query: Query): Entry {
    let entry = this.entries.get(query.name);
    if (!entry) {
      entry = { view: new View(query, this.ground), users: 0, leave: undefined };
      this.entries.set(query.name, entry);
      this.bound();
      this.changed();
    }
    return entry;
  }

  private leaveAfter(entry: Entry, wait: number): void {
    clearTimeout(entry.leave);
    entry.leave = setTimeout(() => entry.users === 0 && this.drop(entry), wait);
    // It keeps no process alive, where timers do.
    (entry.leave as { unref?: () => void }).unref?.();
    this.bound();
  }

  private bound(): void {
    const unused = [...this.entries.values()].filter(({ users }) => users === 0);
    if (unused.length > maxUnused) this.drop(unused[0]!);
  }

  private drop(entry: Entry): void {
    clearTimeout(entry.leave);
    entry.view.stop();
    if (this.entries.get(entry.view.query.name) !== entry) return;
    this.entries.delete(entry.view.query.name);
    this.changed();
    this.dropped();
  }

  private changed(): void {
    this.list = [...this.entries.values()].map(({ view }) => view);
  }
}
