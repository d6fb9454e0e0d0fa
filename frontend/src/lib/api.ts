import { isFinal, problemOf, ReelroomError, type VideoDocument } from "@reelroom/react";
import i18next from "i18next";
import { currentSession, freshToken, renew, signOut, type SignedIn } from "./session";

/** Calls the server with the session's token and reads its JSON; a refusal becomes a ReelroomError. */
export async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response = await send(path, init, await freshToken());
  let problem = response.ok ? undefined : await problemOf(response);
  // A token may end or be taken back earlier than it says; the cookie of an account gives another, or ends the session.
  if (problem?.status === 401 && problem.code.startsWith("token_")) {
    const held = currentSession();
    if (held?.account && (await renew())) {
      response = await send(path, init, await freshToken());
      problem = response.ok ? undefined : await problemOf(response);
    } else if (held && !held.account) {
      signOut(problem.code === "token_revoked" ? "taken" : "ended");
    }
  }
  if (problem) throw problem;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** Whether an answer was a refusal that asking again does not change. */
export const isRefusal = (problem: unknown): boolean => problem instanceof ReelroomError && isFinal(problem);

/** For a query's refetchInterval: so often, in ms, until the server refuses for good. */
export const every = (wait: number) => ({ state }: { state: { error: Error | null } }) => (isRefusal(state.error) ? false : wait) as number | false;

/** The same with a body of JSON. */
export const callWith = <T>(method: string, path: string, body?: unknown) =>
  call<T>(path, body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { "content-type": "application/json" } });

async function send(path: string, init: RequestInit, token: string): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("accept", "application/json");
  if (token) headers.set("authorization", `Bearer ${token}`);
  try {
    return await fetch(path, { ...init, headers });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new ReelroomError(i18next.t("common:unreachable"), "network");
  }
}

export interface AuthOptions {
  /** The link that the server printed at its start signs in without an account. */
  local?: boolean;
  /** Accounts are kept here. */
  accounts?: boolean;
  /** No organization was made yet: the first visitor makes it. */
  setup?: boolean;
  /** That takes the code which the server printed at its start. */
  setupCode?: boolean;
  /** Anybody may found an organization. */
  registration?: boolean;
}

const one = (id: string) => `/api/videos/${encodeURIComponent(id)}`;

export const authOptions = () => call<AuthOptions>("/api/auth/options");
export const localSession = (secret: string) => callWith<SignedIn>("POST", "/api/auth/local", { secret });
/** Ends the session at the server, too; the cookie of an account with it. */
export const endSession = () => call<void>("/api/auth/logout", { method: "POST" });
export const cancelVideo = (id: string) => call<VideoDocument | undefined>(`${one(id)}/cancel`, { method: "POST" });
export const retryVideo = (id: string) => call<VideoDocument | undefined>(`${one(id)}/retry`, { method: "POST" });
export const renameVideo = (id: string, title: string) => callWith<VideoDocument | undefined>("PATCH", one(id), { title });
export const deleteVideo = (id: string) => call<void>(one(id), { method: "DELETE" });

/** The same page of this server under the address at which this page was opened: a proxy may have changed what the server saw of it. */
export function ownLink(url: string): string {
  const { pathname, hash } = new URL(url, location.origin);
  return location.origin + pathname + hash;
}

/**
 * The same file under the page's own address. Documents carry absolute URLs
 * for apps on other hosts; the page's content policy allows its own host only.
 */
export function ownURL(url: string | null | undefined): string | undefined {
  if (!url) return undefined;
  try {
    const { pathname, search } = new URL(url, location.origin);
    return pathname.startsWith("/api/") ? pathname + search : undefined;
  } catch {
    return undefined;
  }
}
