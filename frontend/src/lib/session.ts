import { useSyncExternalStore } from "react";

/** Who is signed in. It lives as long as the tab. */
export interface Session {
  token: string;
  user: string;
  organization: string;
  role: string;
  /** Milliseconds since the epoch; 0 when the token does not tell. */
  expiresAt: number;
}

const key = "reelroom.token";
const listeners = new Set<() => void>();
let session: Session | null = readToken(sessionStorage.getItem(key) ?? "");
let notice = "";

/**
 * Reads a token's claims to show them. Only the server can say whether it is
 * good. Null for what is not a token at all.
 */
export function readToken(token: string): Session | null {
  const parts = token.trim().split(".");
  if (parts.length !== 3) return null;
  try {
    const bytes = Uint8Array.from(atob(parts[1]!.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const text = (...names: string[]) => String(names.map((n) => claims[n]).find((v) => v !== undefined) ?? "");
    return {
      token: token.trim(),
      user: text("name", "email", "userId", "sub"),
      organization: text("organizationId", "org_id"),
      role: text("role", "roles"),
      expiresAt: (Number(claims.exp) || 0) * 1000,
    };
  } catch {
    return null;
  }
}

/** Keeps a token; false when it is not one. */
export function signIn(token: string): boolean {
  const next = readToken(token);
  if (!next) return false;
  sessionStorage.setItem(key, next.token);
  change(next, "");
  return true;
}

/** Forgets the token; why is shown on the sign-in page. */
export function signOut(why = ""): void {
  sessionStorage.removeItem(key);
  change(null, why);
}

function change(next: Session | null, why: string) {
  session = next;
  notice = why;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export const currentSession = () => session;
export const useSession = () => useSyncExternalStore(subscribe, currentSession);
export const useNotice = () => useSyncExternalStore(subscribe, () => notice);

/** Whether this person may upload and change videos. Unknown roles are left to the server. */
export const mayEdit = (s: Session) => s.role !== "viewer" && s.role !== "service";
