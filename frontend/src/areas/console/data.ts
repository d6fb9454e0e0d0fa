import type { AuditEntry, Console } from "@reelroom/react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { call, callWith, every } from "../../lib/api";

/** How often the console asks, in ms: what it is told is at most a second old. */
const pause = 2_000;

/** What runs for the organization now. It asks while the page can be seen. */
export const useConsole = () => useQuery({ queryKey: ["console"], queryFn: () => call<Console>("/api/org/console"), refetchInterval: every(pause) });

interface Trail {
  data: AuditEntry[];
  nextCursor: string | null;
}

/** Who did what, newest first, page by page; of one action where one is named. */
export const useTrail = (action: string) =>
  useInfiniteQuery({
    queryKey: ["audit", action],
    queryFn: ({ pageParam }) => {
      const params = new URLSearchParams({ limit: "50", ...(action && { action }), ...(pageParam && { after: pageParam }) });
      return call<Trail>(`/api/org/audit?${params}`);
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: every(10_000),
  });

/** Ends the tokens of a connection; the client may come back with a new one, as an account's page does. */
export const dismiss = (of: { tokenId?: string; userId: string }) =>
  callWith<unknown>("POST", "/api/auth/revocations", of.tokenId ? { tokenId: of.tokenId } : { userId: of.userId });
