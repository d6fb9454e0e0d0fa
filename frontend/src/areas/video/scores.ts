import type { Policy, ScoresDocument } from "@reelroom/react";
import { useQuery } from "@tanstack/react-query";
import { call } from "../../lib/api";

/** What the classifier said of one moment: scores from 0 to 1. */
export interface Point {
  /** Seconds. */
  at: number;
  explicit: number;
  suggestive: number;
}

/** The classes of the model that a category stands for; their scores are added. */
const parts = { explicit: ["porn", "hentai"], suggestive: ["sexy"] };

/** The curve of a video, in order. Columns are found by their names. */
export function pointsOf({ categories, frames }: ScoresDocument): Point[] {
  const sum = (names: string[]) => {
    const columns = names.map((name) => categories?.indexOf(name) ?? -1).filter((i) => i >= 0);
    return (scores: number[] | null) => Math.min(1, columns.reduce((total, i) => total + (scores?.[i] ?? 0), 0));
  };
  const [explicit, suggestive] = [sum(parts.explicit), sum(parts.suggestive)];
  return (frames ?? [])
    .map(({ atMs, scores }) => ({ at: atMs / 1000, explicit: explicit(scores), suggestive: suggestive(scores) }))
    .sort((a, b) => a.at - b.at);
}

/** No more than `most` points, of each stretch the highest: what stands out stays. */
export function thinned(points: Point[], most: number): Point[] {
  if (points.length <= most) return points;
  const each = points.length / most;
  return Array.from({ length: most }, (_, i) => {
    const stretch = points.slice(Math.floor(i * each), Math.max(Math.floor((i + 1) * each), Math.floor(i * each) + 1));
    return stretch.reduce((high, p) => ({ at: high.at, explicit: Math.max(high.explicit, p.explicit), suggestive: Math.max(high.suggestive, p.suggestive) }));
  });
}

/** The point that is nearest to a moment. */
export function nearest(points: Point[], at: number): Point | undefined {
  let [low, high] = [0, points.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.at < at) low = middle + 1;
    else high = middle;
  }
  const [after, before] = [points[low], points[low - 1]];
  return after && before && at - before.at < after.at - at ? before : after;
}

/** The scores of the frames; none while they are on their way, or where none are kept. */
export function useScores(id: string, attempt: number, wanted: boolean): Point[] {
  const { data } = useQuery({
    queryKey: ["scores", id, attempt],
    queryFn: async ({ signal }) => pointsOf(await call<ScoresDocument>(`/api/videos/${encodeURIComponent(id)}/scores`, { signal })),
    enabled: wanted,
    staleTime: Infinity,
  });
  return data ?? none;
}
const none: Point[] = [];

/** The organization's thresholds as they are now. A newer version than the one that was asked for is fetched. */
export function usePolicy(version: number): Policy | undefined {
  return useQuery({ queryKey: ["policy", version], queryFn: ({ signal }) => call<Policy>("/api/org/policy", { signal }), placeholderData: (before) => before, staleTime: 60_000 }).data;
}
