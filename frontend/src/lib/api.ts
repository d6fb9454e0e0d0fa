import { problemOf, ReelroomError, type VideoDocument } from "@reelroom/react";
import { currentSession, signOut } from "./session";

/** Calls the server with the session's token and reads its JSON; a refusal becomes a ReelroomError. */
export async function call<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = new Headers(init.headers);
  headers.set("accept", "application/json");
  const token = currentSession()?.token;
  if (token) headers.set("authorization", `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch {
    throw new ReelroomError("The server cannot be reached. Check that it is running, and your network.", "network");
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401 && token) signOut("Your session has ended. Please sign in again.");
    throw problem;
  }
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export interface AuthOptions {
  local?: boolean;
}

export interface LocalSession {
  token: string;
  expiresAt: string;
}

const one = (id: string) => `/api/videos/${encodeURIComponent(id)}`;

export const authOptions = () => call<AuthOptions>("/api/auth/options");
export const localSession = () => call<LocalSession>("/api/auth/local", { method: "POST" });
export const cancelVideo = (id: string) => call<VideoDocument | undefined>(`${one(id)}/cancel`, { method: "POST" });
export const retryVideo = (id: string) => call<VideoDocument | undefined>(`${one(id)}/retry`, { method: "POST" });
export const deleteVideo = (id: string) => call<void>(one(id), { method: "DELETE" });

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
