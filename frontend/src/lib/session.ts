import { useSyncExternalStore } from "react";

/** Who is signed in. */
export interface Session {
  token: string;
  userId: string;
  /** What to call the person: a name, or the id where there is none. */
  user: string;
  email: string;
  organization: string;
  organizationName: string;
  role: string;
  /** Milliseconds since the epoch; 0 when the token does not tell. */
  expiresAt: number;
  /** Whether the server keeps the sign-in in a cookie, so that a new token can be had. */
  account: boolean;
}

/** What the server answers to a sign-in. */
export interface SignedIn {
  token: string;
  expiresAt: string;
  user: { userId: string; organizationId: string; role: string; name?: string; email?: string; organizationName?: string; account?: boolean };
}

/** How long before its end a token is renewed, in ms. */
const early = 60_000;
const key = "reelroom.token";
/** Says that this browser has signed in with an account, so that asking for a new token makes sense. No secret. */
const known = "reelroom.account";

const listeners = new Set<() => void>();
let session: Session | null = readToken(read(sessionStorage, key));
let notice = "";
let renewing: Promise<boolean> | undefined;
/** Other tabs hear of a sign-out. */
const tabs = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("reelroom.session");
if (tabs) tabs.onmessage = ({ data }) => data === "out" && session?.account && change(null, "");

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
      userId: text("userId", "sub"),
      user: text("name", "email", "userId", "sub"),
      email: text("email"),
      organization: text("organizationId", "org_id"),
      organizationName: "",
      role: text("role", "roles"),
      expiresAt: (Number(claims.exp) || 0) * 1000,
      account: false,
    };
  } catch {
    return null;
  }
}

/** Keeps a token for as long as the tab lives; false when it is not one. */
export function signIn(token: string): boolean {
  const next = readToken(token);
  if (!next) return false;
  write(sessionStorage, key, next.token);
  change(next, "");
  return true;
}

/** Begins or renews the session of an account. The token is kept in memory only: the cookie gives another. */
export function signedIn({ token, expiresAt, user }: SignedIn): void {
  drop(sessionStorage, key);
  write(localStorage, known, "yes");
  change(
    {
      token,
      userId: user.userId,
      user: user.name || user.email || user.userId,
      email: user.email ?? "",
      organization: user.organizationId,
      organizationName: user.organizationName ?? "",
      role: user.role,
      expiresAt: Date.parse(expiresAt) || 0,
      account: true,
    },
    "",
  );
}

/** Forgets the token; why is shown on the sign-in page. */
export function signOut(why = ""): void {
  drop(sessionStorage, key);
  drop(localStorage, known);
  if (session?.account) tabs?.postMessage("out");
  change(null, why);
}

/** Whether a page that was just opened should ask for a token first. */
export const mayRenew = () => session?.account || (!session && read(localStorage, known) !== "");

/**
 * Asks for a new token by the cookie. False when there is none to be had; then
 * the session is over, unless only the server could not be reached.
 */
export function renew(): Promise<boolean> {
  renewing ??= ask().finally(() => (renewing = undefined));
  return renewing;
}

async function ask(): Promise<boolean> {
  try {
    const response = await fetch("/api/auth/refresh", { method: "POST", headers: { accept: "application/json" } });
    if (response.ok) {
      signedIn((await response.json()) as SignedIn);
      return true;
    }
    if (response.status < 500 && response.status !== 429) signOut(session ? "ended" : "");
  } catch {
    // not reached: what is held may still be good
  }
  return false;
}

/** The token for the next call, renewed where it can be and must. */
export async function freshToken(): Promise<string> {
  if (session?.account && session.expiresAt - Date.now() < early) await renew();
  return session?.token ?? "";
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

// A browser may refuse storage; then a session lives as long as the page.
function read(storage: Storage, name: string): string {
  try {
    return storage.getItem(name) ?? "";
  } catch {
    return "";
  }
}
function write(storage: Storage, name: string, value: string): void {
  try {
    storage.setItem(name, value);
  } catch {
    // see read
  }
}
function drop(storage: Storage, name: string): void {
  try {
    storage.removeItem(name);
  } catch {
    // see read
  }
}

export const currentSession = () => session;
export const useSession = () => useSyncExternalStore(subscribe, currentSession);
/** Why the session before this one ended: "" or a key of common:ended. */
export const useNotice = () => useSyncExternalStore(subscribe, () => notice);

/** Whether this person may upload and change videos. Unknown roles are left to the server. */
export const mayEdit = (s: Session) => s.role !== "viewer" && s.role !== "service";
export const isAdmin = (s: Session) => s.role === "admin";
