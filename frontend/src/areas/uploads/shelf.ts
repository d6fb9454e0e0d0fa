import { createStore, delMany, entries, set, type UseStore } from "idb-keyval";
import { maxKept, maxKeptAll, type Kept } from "./job";
import { markKept } from "./mark";

// What this browser keeps of files that are not videos yet. A browser may refuse to keep anything: then an upload lives
// as long as its page, and the server's list tells what is unfinished.

let store: UseStore | undefined;
const open = () => (store ??= createStore("reelroom.uploads", "files"));

/** Keys of files that are kept whole, with their sizes. */
const whole = new Map<string, number>();

/** Keeps an upload; the file itself where it is small, and there is no other way to it. */
export async function keep(kept: Kept, file: File | undefined): Promise<void> {
  const all = [...whole.values()].reduce((sum, n) => sum + n, 0);
  const fits = !kept.handle && file && file.size <= maxKept && (whole.has(kept.key) || all + file.size <= maxKeptAll);
  const one: Kept = { ...kept };
  if (fits) {
    one.file = file;
    whole.set(kept.key, file.size);
  }
  markKept(true);
  try {
    await set(kept.key, one, open());
  } catch {
    whole.delete(kept.key);
    if (!one.file && !one.handle) return;
    // A handle or a file that cannot be kept: the rest still tells where to go on.
    await set(kept.key, { ...one, file: undefined, handle: undefined }, open()).catch(() => {});
  }
}

export async function drop(...keys: string[]): Promise<void> {
  for (const key of keys) whole.delete(key);
  try {
    await delMany(keys, open());
    if ((await entries(open())).length === 0) markKept(false);
  } catch {
    // nothing is kept, then
  }
}

/** What is kept for a person, in the order it came. */
export async function kept(owner: string): Promise<Kept[]> {
  try {
    const all = (await entries<string, Kept>(open())).map(([, one]) => one).filter((one) => one.owner === owner);
    for (const one of all) if (one.file) whole.set(one.key, one.size);
    return all.sort((a, b) => a.at - b.at);
  } catch {
    return [];
  }
}

export const isKeptWhole = (key: string): boolean => whole.has(key);

/**
 * Makes an upload this tab's, so that no other tab of the browser sends it as
 * well; null when another has it. It is free again with the tab's end.
 */
export function claim(key: string): Promise<(() => void) | null> {
  if (!navigator.locks) return Promise.resolve(() => {});
  return new Promise((resolve) => {
    void navigator.locks
      .request(`reelroom.upload.${key}`, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(null);
        return new Promise<void>((free) => resolve(free));
      })
      .catch(() => resolve(() => {}));
  });
}
