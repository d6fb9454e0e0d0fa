import type { AuditEntry, Console } from "@reelroom/react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { call, callWith } from "../../lib/api";

/** How often the console asks, in ms: what it is told is at most a second old. */
const pause = 2_000;

/** What runs for the organization now. It asks while the page can be seen. */
export const useConsole = () => useQuery({ queryKey: ["console"], queryFn: () => call<Console>("/api/org/console"), refetchInterval: pause });

interface MemberList {
  data: { userId: string; name: string }[];
}

/** What to call a user: the name of an account, or the id of who comes from another issuer. */
export function useNames(): (userId: string) => string {
  const { data } = useQuery({ queryKey: ["members", "names"], queryFn: () => call<MemberList>("/api/org/members?limit=100"), staleTime: 60_000 });
  return useMemo(() => {
    const names = new Map(data?.data.map((m) => [m.userId, m.name]));
    return (userId) => names.get(userId) || userId;
  }, [data]);
}

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
    refetchInterval: 10_000,
  });

/** Ends the tokens of a connection; the client may come back with a new one, as an account's page does. */
export const dismiss = (of: { tokenId?: string; userId: string }) =>
  callWith<unknown>("POST", "/api/auth/revocations", of.tokenId ? { tokenId: of.tokenId } : { userId: of.userId });
