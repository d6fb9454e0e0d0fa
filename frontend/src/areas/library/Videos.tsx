import { defaultRangeExtractor, useWindowVirtualizer, type Range } from "@tanstack/react-virtual";
import { useLibraryStore } from "@reelroom/react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { geometry, type Geometry, type Shape } from "./geometry";
import { useKeys } from "./keys";
import { usePlace } from "./place";
import { useListRoom, type ListRoom } from "./room";
import { selection } from "./selection";
import { VideoCard } from "./VideoCard";

interface Props {
  /** Names the query, for the place to come back to. */
  name: string;
  ids: readonly string[];
  shape: Shape;
  editor: boolean;
  ready: boolean;
  hasMore: boolean;
  /** The next page is on its way, or could not be had. */
  stopped: boolean;
  loadMore: () => void;
}

/** A list as long as it likes, of which only what is near is drawn. */
export function Videos(props: Props) {
  const { t } = useTranslation("library");
  const list = useRef<HTMLUListElement>(null);
  const room = useListRoom(list);
  const { shape } = props;
  const layout = useMemo(() => room && geometry(shape, room.width, room.rem), [shape, room]);
  return (
    <ul ref={list} className={`videos ${shape}`} aria-label={t("list")} aria-busy={!props.ready} data-testid="videos" role="list" data-count={props.ids.length}>
      {room && layout && <Near {...props} room={room} layout={layout} list={list} />}
    </ul>
  );
}

function Near({ name, ids, editor, shape, ready, hasMore, stopped, loadMore, room, layout, list }: Props & { room: ListRoom; layout: Geometry; list: React.RefObject<HTMLUListElement | null> }) {
  "use no memo"; // the virtualizer is the same object after each scroll
  const store = useLibraryStore();
  const { columns, width, height, gap } = layout;
  const rows = Math.ceil(ids.length / columns);
  const now = useRef(ids);
  useLayoutEffect(() => {
    now.current = ids;
  });

  const { focused, onKeyDown, onFocus, onBlur } = useKeys({ list, ids, columns, editor, store, reveal: (index) => virtual.scrollToIndex(Math.floor(index / columns)) });
  // What has the focus stays, wherever the page is scrolled.
  const rangeExtractor = (range: Range) => {
    const near = defaultRangeExtractor(range);
    const line = Math.floor(focused / columns);
    if (focused >= 0 && line < range.count && !near.includes(line)) return [...near, line].sort((a, b) => a - b);
    return near;
  };
  const virtual = useWindowVirtualizer({
    count: rows,
    estimateSize: () => height + gap,
    overscan: shape === "grid" ? 2 : 6,
    scrollMargin: room.top,
    scrollPaddingStart: room.cover + gap,
    scrollPaddingEnd: gap,
    rangeExtractor,
    useFlushSync: false,
  });
  useLayoutEffect(() => virtual.measure(), [virtual, height, gap, columns]);
  usePlace({ name, ids, layout, top: room.top, cover: room.cover, hasMore, loadMore, ready });

  const lines = virtual.getVirtualItems();
  const end = virtual.range?.endIndex ?? 0;
  useEffect(() => {
    // Two screens ahead, so that one seldom comes to the end.
    const ahead = Math.ceil((2 * window.innerHeight) / (height + gap));
    if (ready && hasMore && !stopped && end + ahead >= rows) loadMore();
  }, [ready, hasMore, stopped, end, rows, height, gap, loadMore]);

  const upTo = useCallback((id: string) => selection.upTo(id, now.current), []);
  return (
    <>
      {lines.flatMap(({ index: line }) =>
        ids.slice(line * columns, (line + 1) * columns).map((id, column) => {
          const at = line * columns + column;
          return (
            <li
              key={id}
              data-id={id}
              data-index={at}
              aria-posinset={at + 1}
              aria-setsize={hasMore ? -1 : ids.length}
              style={{ width, height, transform: `translate(${column * (width + gap)}px, ${line * (height + gap)}px)` }}
              onKeyDown={onKeyDown}
              onFocus={onFocus}
              onBlur={onBlur}
            >
              <VideoCard id={id} shape={shape} editor={editor} upTo={upTo} />
            </li>
          );
        }),
      )}
      <li role="presentation" aria-hidden className="spacer" style={{ height: Math.max(0, rows * (height + gap) - gap) }} />
    </>
  );
}
