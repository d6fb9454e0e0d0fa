import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { call, isRefusal } from "./api";
import { useSession } from "./session";

interface Member {
  userId: string;
  name: string;
  email: string;
}

interface Page {
  data: Member[] | null;
  nextCursor?: string | null;
}

/** How many pages of a hundred members are read. */
const maxPages = 100;
/** How many unknown ids are remembered, so that each is looked for once. */
const maxUnknown = 1_000;

/** The names of all members of an organization, by user. */
export async function allNames(read: (path: string) => Promise<Page>): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  let after = "";
  for (let page = 0; page < maxPages; page++) {
    const { data, nextCursor } = await read(`/api/org/members?limit=100${after && `&after=${encodeURIComponent(after)}`}`);
    for (const { userId, name, email } of data ?? []) names.set(userId, name || email);
    if (!nextCursor || nextCursor === after) break;
    after = nextCursor;
  }
  return names;
}

/** What to call a user: the name where the organization's accounts are kept here, else the id. An id that is not known yet is looked for once. */
export function useNames(): (userId: string) => string {
  const session = useSession();
  const { data, isFetching, refetch } = useQuery({
    queryKey: ["names", session?.organization],
    queryFn: async ({ signal }) => {
      try {
        return await allNames((path) => call<Page>(path, { signal }));
      } catch (problem) {
        if (isRefusal(problem)) return new Map<string, string>(); // ids have to do
        throw problem;
      }
    },
    enabled: session !== null,
    staleTime: 300_000,
    retry: false,
  });
  const unknown = useRef(new Set<string>());
  const asked = useRef(0);
  useEffect(() => {
    // A member who came after the list was read.
    if (!data || isFetching || unknown.current.size === asked.current) return;
    asked.current = unknown.current.size;
    void refetch();
  });
  return useMemo(() => {
    return (userId) => {
      const name = data?.get(userId);
      if (!name && data && userId && unknown.current.size < maxUnknown) unknown.current.add(userId);
      return name || userId;
    };
  }, [data]);
}
