import { useSyncExternalStore } from "react";

/** The videos that were chosen for something to be done with all of them. */
class Selection {
  private ids: ReadonlySet<string> = new Set();
  private last = "";
  private readonly listeners = new Set<() => void>();

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  get = () => this.ids;
  has = (id: string) => this.ids.has(id);

  toggle(id: string): void {
    const ids = new Set(this.ids);
    if (!ids.delete(id)) ids.add(id);
    this.last = id;
    this.set(ids);
  }

  /** Chooses all from the one that was touched last up to this one, in the order of the list. */
  upTo(id: string, order: readonly string[]): void {
    const [from, to] = [order.indexOf(this.last), order.indexOf(id)];
    if (from < 0 || to < 0) return this.toggle(id);
    this.last = id;
    this.set(new Set([...this.ids, ...order.slice(Math.min(from, to), Math.max(from, to) + 1)]));
  }

  clear(): void {
    if (this.ids.size) this.set(new Set());
  }

  private set(ids: ReadonlySet<string>): void {
    this.ids = ids;
    for (const listener of this.listeners) listener();
  }
}

export const selection = new Selection();
export const useSelection = () => useSyncExternalStore(selection.subscribe, selection.get);
export const useChosen = (id: string) => useSyncExternalStore(selection.subscribe, () => selection.has(id));
