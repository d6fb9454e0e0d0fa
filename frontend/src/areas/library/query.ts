import { paramsOf, queryOf, type VideoQuery } from "@reelroom/react";
import { useMemo } from "react";
import { useLocation, useSearch } from "wouter";

/** What the library shows stands in the page's address, so that a reload, a step back and a shared link show the same. */
export function useLibraryQuery(): { query: VideoQuery; name: string; change: (part: VideoQuery, how?: { replace: boolean }) => void; clear: () => void } {
  const search = useSearch();
  const [, go] = useLocation();
  return useMemo(() => {
    const query = queryOf(new URLSearchParams(search));
    const show = (next: VideoQuery, how?: { replace: boolean }) => {
      const params = paramsOf(next).toString();
      go(params ? `/?${params}` : "/", how);
    };
    return {
      query,
      name: paramsOf(query).toString(),
      change: (part, how) => show({ ...query, ...part }, how),
      clear: () => show({ sort: query.sort }),
    };
  }, [search, go]);
}

/** Whether anything is left out by the query. */
export const restricts = ({ q, status, verdict, batch }: VideoQuery) => Boolean(q || status?.length || verdict?.length || batch);
