/** How the videos stand, in pixels. Every one is as high as the others, so that nothing moves when its words change. */
export interface Geometry {
  columns: number;
  width: number;
  height: number;
  /** Between two, both ways. */
  gap: number;
}

export type Shape = "grid" | "list";

/** Of cards: the least width, what is below the picture, and the gap, in rem; and of rows the height, wide and narrow. */
const card = { least: 16.5, body: 7.9, gap: 1.1 };
const row = { wide: 4.75, narrow: 6.4, turn: 42 };

/** Lays them out in so much room; rem is how large the words are, in pixels. */
export function geometry(shape: Shape, room: number, rem: number): Geometry {
  if (shape === "list") return { columns: 1, width: room, height: Math.round((room >= row.turn * rem ? row.wide : row.narrow) * rem), gap: Math.round(0.4 * rem) };
  const gap = Math.round(card.gap * rem);
  const columns = Math.max(1, Math.floor((room + gap) / (card.least * rem + gap)));
  const width = Math.floor((room - gap * (columns - 1)) / columns);
  return { columns, width, height: Math.round((width * 9) / 16 + card.body * rem), gap };
}
