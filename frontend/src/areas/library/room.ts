import { useLayoutEffect, useState, type RefObject } from "react";

/** How much room there is for the list, where it begins on the page, and how large the words are; all in pixels. */
export interface ListRoom {
  width: number;
  top: number;
  rem: number;
  /** How high the header is that stays in sight. */
  cover: number;
}

export function useListRoom(list: RefObject<HTMLElement | null>): ListRoom | null {
  const [room, setRoom] = useState<ListRoom | null>(null);
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = () => {
      const { left, right, top } = element.getBoundingClientRect();
      const next = {
        width: Math.floor(right - left),
        top: Math.round(top + window.scrollY),
        rem: parseFloat(getComputedStyle(document.documentElement).fontSize) || 16,
        cover: Math.round(document.querySelector(".header")?.getBoundingClientRect().height ?? 0),
      };
      setRoom((held) => (held && held.width === next.width && held.top === next.top && held.rem === next.rem && held.cover === next.cover ? held : next));
    };
    measure();
    // What stands above the list moves it, too.
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    for (const sibling of element.parentElement?.children ?? []) if (sibling !== element) observer.observe(sibling);
    return () => observer.disconnect();
  }, [list]);
  return room;
}
