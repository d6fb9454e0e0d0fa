import type { LibraryStore } from "@reelroom/react";
import { useEffect, useState, type FocusEvent, type KeyboardEvent, type RefObject } from "react";
import { deletions } from "./deletions";
import { askName } from "./naming";
import { selection } from "./selection";

interface Options {
  list: RefObject<HTMLElement | null>;
  ids: readonly string[];
  columns: number;
  editor: boolean;
  store: LibraryStore;
  /** Scrolls to a video that may not be drawn yet. */
  reveal: (index: number) => void;
}

/** Which video has the focus, and where it stands; grab says whether it is still to be given it: by wish, or because the one that had it went away. */
interface Spot {
  id: string;
  index: number;
  grab: "no" | "yes" | "lost";
}
const nowhere: Spot = { id: "", index: 0, grab: "no" };

/**
 * Walks the list by keys: arrows, Home and End go to another video; for editors x
 * or the space bar chooses one (with Shift all up to it), F2 renames, Delete
 * deletes. When the video that has the focus goes away, the one in its place gets it.
 */
export function useKeys({ list, ids, columns, editor, store, reveal }: Options) {
  const [spot, setSpot] = useState<Spot>(nowhere);
  const focused = spot.id ? ids.indexOf(spot.id) : -1;
  if (focused >= 0 && focused !== spot.index) setSpot({ ...spot, index: focused });
  if (spot.id && focused < 0) setSpot(ids.length ? { id: ids[Math.min(spot.index, ids.length - 1)]!, index: spot.index, grab: "lost" } : nowhere);

  useEffect(() => {
    if (spot.grab === "no") return;
    // It may be drawn only when the page has been scrolled.
    const link = list.current?.querySelector<HTMLElement>(`li[data-id="${CSS.escape(spot.id)}"] .open`);
    if (link && (spot.grab === "yes" || document.activeElement === document.body)) link.focus({ preventScroll: true });
    else if (spot.grab === "lost") queueMicrotask(() => setSpot(nowhere));
  });

  const go = (index: number) => {
    reveal(index);
    setSpot({ id: ids[index]!, index, grab: "yes" });
  };

  const onKeyDown = (e: KeyboardEvent<HTMLLIElement>) => {
    const link = e.target as HTMLElement;
    if (!link.classList.contains("open") || e.ctrlKey || e.metaKey || e.altKey) return;
    const here = Number(e.currentTarget.dataset.index);
    const own = e.currentTarget.dataset.id ?? "";
    const steps: Record<string, number> = { ArrowRight: here + 1, ArrowLeft: here - 1, ArrowDown: here + columns, ArrowUp: here - columns, Home: 0, End: ids.length - 1 };
    const to = steps[e.key];
    if (to !== undefined) {
      if (to >= 0 && to < ids.length) go(to);
      else if (e.key === "ArrowDown") go(ids.length - 1);
    } else if (!editor) return;
    else if (e.key === "x" || e.key === "X" || e.key === " ") {
      if (e.shiftKey) selection.upTo(own, ids);
      else selection.toggle(own);
    } else if (e.key === "F2") askName(own);
    else if (e.key === "Delete") {
      const { video } = store.getVideo(own);
      if (video) deletions.add(store, [video]);
    } else if (e.key === "Escape") selection.clear();
    else return;
    e.preventDefault();
  };
  const onFocus = (e: FocusEvent<HTMLLIElement>) => setSpot({ id: e.currentTarget.dataset.id ?? "", index: Number(e.currentTarget.dataset.index), grab: "no" });
  const onBlur = (e: FocusEvent<HTMLLIElement>) => {
    // Nothing has the focus when the video itself went away.
    if (e.relatedTarget && !list.current?.contains(e.relatedTarget)) setSpot(nowhere);
  };
  return { focused, onKeyDown, onFocus, onBlur };
}
