import type { ScoresDocument } from "@reelroom/react";
import { expect, it } from "vitest";
import { nearest, pointsOf, thinned } from "./scores";

it("finds columns by their names and adds what a category is made of", () => {
  const scores = { categories: ["sexy", "neutral", "porn", "hentai"], frames: [{ atMs: 2000, scores: [0.1, 0, 0.2, 0.3] }, { atMs: 1000, scores: null }] } as ScoresDocument;
  expect(pointsOf(scores)).toEqual([{ at: 1, explicit: 0, suggestive: 0 }, { at: 2, explicit: 0.5, suggestive: 0.1 }]);
  expect(pointsOf({ ...scores, categories: null, frames: null })).toEqual([]);
});

it("keeps what stands out when there are more points than can be drawn", () => {
  const points = Array.from({ length: 10_000 }, (_, at) => ({ at, explicit: at === 7_777 ? 0.9 : 0.1, suggestive: 0 }));
  const few = thinned(points, 600);
  expect(few).toHaveLength(600);
  expect(Math.max(...few.map((p) => p.explicit))).toBe(0.9);
  expect(thinned(points, 20_000)).toBe(points);
});

it("finds the nearest moment", () => {
  const points = [0, 2, 10].map((at) => ({ at, explicit: 0, suggestive: 0 }));
  expect([-1, 0.9, 1.1, 5, 7, 99].map((at) => nearest(points, at)?.at)).toEqual([0, 0, 2, 2, 10, 10]);
  expect(nearest([], 1)).toBeUndefined();
});
