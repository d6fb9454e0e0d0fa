import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Geometry } from "./geometry";

/** What one looked at: the first video in sight, and how far it was scrolled beyond the header. */
interface Place {
  id: string;
  index: number;
  offset: number;
}

const key = "reelroom.place";
/** How many pages are fetched to come back to a place. */
const maxPages = 40;

function readPlaces(): Record<string, Place> {
  try {
    return (JSON.parse(sessionStorage.getItem(key) ?? "{}") as Record<string, Place>) ?? {};
  } catch {
    return {};
  }
}
const places = readPlaces();
const keep = () => {
  try {
    sessionStorage.setItem(key, JSON.stringify(places));
  } catch {
    // no storage: the place is known as long as the page lives
  }
};

interface Looking {
  name: string;
  ids: readonly string[];
  layout: Geometry;
  /** Where the list begins on the page. */
  top: number;
  /** How much of the window the fixed header covers. */
  cover: number;
  hasMore: boolean;
  loadMore: () => void;
  ready: boolean;
}

function placeOf({ ids, layout, top, cover }: Looking): Place | undefined {
  const pitch = layout.height + layout.gap;
  const beyond = window.scrollY + cover - top;
  if (beyond < pitch / 2 || ids.length === 0) return undefined;
  const line = Math.round(beyond / pitch); // of a row that is hardly seen any more, the next one
  const index = Math.min(line * layout.columns, ids.length - 1);
  return { id: ids[index]!, index, offset: beyond - Math.floor(index / layout.columns) * pitch };
}

function goTo({ index, offset }: Place, { layout, top, cover }: Looking) {
  window.scrollTo({ top: top - cover + Math.floor(index / layout.columns) * (layout.height + layout.gap) + offset, behavior: "instant" });
}

/** Comes back to the place where one was when the list is shown again, also after a reload, and stays there when the room changes. */
export function usePlace(now: Looking): void {
  const { name, ids, layout, ready, hasMore, loadMore } = now;
  const last = useRef<Looking>(undefined);
  const [wanted, want] = useState<Place | undefined>(places[name]);
  const pages = useRef(0);

  useLayoutEffect(() => {
    const before = last.current;
    if (before && !wanted && (before.layout.height !== layout.height || before.layout.columns !== layout.columns || before.layout.gap !== layout.gap)) {
      const place = placeOf(before);
      const index = place ? ids.indexOf(place.id) : -1;
      if (place && index >= 0) goTo({ ...place, index, offset: Math.min(place.offset, layout.height / 2) }, now);
    }
    last.current = now;
  });

  useEffect(() => {
    if (!wanted || !ready) return;
    const index = ids.indexOf(wanted.id);
    if (index < 0 && hasMore && pages.current < maxPages && ids.length <= wanted.index + 200) {
      pages.current++;
      loadMore();
      return;
    }
    if (ids.length) goTo(index >= 0 ? { ...wanted, index } : { ...wanted, index: Math.min(wanted.index, ids.length - 1) }, last.current!);
    want(undefined);
  }, [wanted, ready, ids, hasMore, loadMore]);

  useLayoutEffect(() => {
    const note = () => {
      const place = last.current && placeOf(last.current);
      if (place) places[name] = place;
      else delete places[name];
    };
    const leave = () => {
      note();
      keep();
    };
    addEventListener("pagehide", leave);
    // The browser would scroll before there is anything to scroll to.
    history.scrollRestoration = "manual";
    return () => {
      removeEventListener("pagehide", leave);
      note();
      history.scrollRestoration = "auto";
      window.scrollTo({ top: 0, behavior: "instant" });
    };
  }, [name]);
}
