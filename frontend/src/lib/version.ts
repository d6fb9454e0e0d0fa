import { useQuery } from "@tanstack/react-query";

/** The server's version as GET /healthz says it; "" until it is known, and where the path is not let through. */
export function useServerVersion(): string {
  return useQuery({ queryKey: ["version"], queryFn: ({ signal }) => serverVersion(signal), staleTime: 60_000 }).data ?? "";
}

export async function serverVersion(signal?: AbortSignal): Promise<string> {
  const response = await fetch("/healthz", { headers: { accept: "application/json" }, cache: "no-store", signal });
  if (!response.ok) throw new Error(`/healthz: ${response.status}`);
  const { version } = (await response.json()) as { version?: unknown };
  return typeof version === "string" ? version : "";
}
