import { useQuery } from "@tanstack/react-query";
import { call } from "./api";
import { useSession } from "./session";

interface Member {
  userId: string;
  name: string;
  email: string;
}

/** What to call a user: the name where the organization's accounts are kept here, else the id. */
export function useNames(): (userId: string) => string {
  const session = useSession();
  const { data } = useQuery({
    queryKey: ["names", session?.organization],
    queryFn: async ({ signal }) => {
      const { data } = await call<{ data: Member[] | null }>("/api/org/members?limit=100", { signal });
      return new Map((data ?? []).map((m) => [m.userId, m.name || m.email]));
    },
    enabled: Boolean(session?.account),
    staleTime: 60_000,
    retry: false,
  });
  return (userId) => data?.get(userId) || userId;
}
