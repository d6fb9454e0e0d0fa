import { useEvents, type Status, type Verdict } from "@reelroom/react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { call } from "../../lib/api";

export interface Counts {
  total: number;
  status: Partial<Record<Status, number>>;
  verdict: Partial<Record<Verdict, number>>;
}

/** The least time between two looks at the counts, in ms. */
const pause = 2_000;

/** How many videos stand where, asked for again when events have changed it. */
export function useCounts(): Counts | undefined {
  const { data, refetch } = useQuery({ queryKey: ["counts"], queryFn: () => call<Counts>("/api/videos/counts"), staleTime: pause });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  /** Whose work is known to have begun: the progress after that changes no count. */
  const begun = useRef(new Set<string>());
  useEffect(() => () => clearTimeout(timer.current), []);

  const changed = () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void refetch();
    }, pause);
  };
  const ended = ({ videoId }: { videoId: string }) => {
    begun.current.delete(videoId);
    changed();
  };
  useEvents("video:queued", ended);
  useEvents("video:processed", ended);
  useEvents("video:failed", ended);
  useEvents("video:cancelled", ended);
  useEvents("video:deleted", ended);
  useEvents("video:updated", changed);
  useEvents("stream:reset", changed);
  useEvents("video:progress", ({ videoId }) => {
    if (begun.current.has(videoId)) return;
    if (begun.current.size > 5000) begun.current.clear();
    begun.current.add(videoId);
    changed();
  });
  return data;
}
