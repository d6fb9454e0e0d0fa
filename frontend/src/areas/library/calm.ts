import { useMemo, useState, useSyncExternalStore } from "react";

/**
 * The order that somebody looks at, kept: those that were there stay where they
 * were, without the ones that are gone; what follows the last of them is added.
 * What would come in between is left out.
 */
export function calm(frozen: readonly string[], ids: readonly string[]): readonly string[] {
  const present = new Set(ids);
  const kept = frozen.filter((id) => present.has(id));
  if (kept.length === ids.length) return kept;
  const known = new Set(kept);
  let last = ids.length;
  while (last > 0 && !known.has(ids[last - 1]!)) last--;
  return [...kept, ...ids.slice(last)];
}

/** How far down one is somewhere else than at the beginning, in pixels. */
const away = 160;
const subscribe = (listener: () => void) => {
  addEventListener("scroll", listener, { passive: true });
  return () => removeEventListener("scroll", listener);
};

/** The ids to show; while the page is scrolled nothing moves that is in sight, and `waiting` counts what is not shown for that. */
export function useCalm(ids: readonly string[]): { shown: readonly string[]; waiting: number } {
  const scrolled = useSyncExternalStore(subscribe, () => window.scrollY > away);
  const [frozen, freeze] = useState<readonly string[] | null>(null);
  if (scrolled && !frozen) freeze(ids);
  if (!scrolled && frozen) freeze(null);
  const shown = useMemo(() => (frozen ? calm(frozen, ids) : ids), [frozen, ids]);
  return { shown, waiting: ids.length - shown.length };
}
