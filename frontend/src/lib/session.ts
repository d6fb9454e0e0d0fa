import { forgetMessages } from "./messages";
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

/** How long before its end a token is renewed, in ms: before the server asks a socket for another. */
const early = 75_000;
/** How long an answer to a renewal is waited for, in ms. */
const patience = 15_000;
/** After a renewal that did not reach the server, a token that still holds is used for this long, in ms. */
const pause = 3_000;
const key = "reelroom.token";
/** Says that this browser has signed in with an account, so that asking for a new token makes sense. No secret. */
const known = "reelroom.account";

/** What is known of who is here: asking and lost are of a page that has just been opened. */
export type Standing = "known" | "asking" | "lost";

const listeners = new Set<() => void>();
let session: Session | null = readToken(read(sessionStorage, key));
let notice = "";
let standing: Standing = "known";
let renewing: Promise<boolean> | undefined;
let failedAt = -Infinity;
/** Rises with each sign-in and sign-out: an answer to a question from before it counts for nothing. */
let round = 0;
/** The tabs of a browser share the cookie, so they hear of each other's sign-ins and sign-outs. */
const tabs = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("reelroom.session");
if (tabs) {
  tabs.onmessage = ({ data }) => {
    if (session && !session.account) return; // a token of this tab alone
    if (data === "out" && session) end("elsewhere");
    if (data === "in") void renew();
  };
}

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
  round++;
  write(sessionStorage, key, next.token);
  change(next);
  return true;
}

/** Begins the session of an account, here and in the browser's other tabs. */
export function signedIn(answer: SignedIn): void {
  round++;
  take(answer);
  tabs?.postMessage("in");
}

/** The token is kept in memory only: the cookie gives another. */
function take({ token, expiresAt, user }: SignedIn): void {
  drop(sessionStorage, key);
  write(localStorage, known, "yes");
  change({
    token,
    userId: user.userId,
    user: user.name || user.email || user.userId,
    email: user.email ?? "",
    organization: user.organizationId,
    organizationName: user.organizationName ?? "",
    role: user.role,
    expiresAt: endOf(token, expiresAt),
    account: true,
  });
}

/** When a token that has just come ends, by the clock of this machine, which may go wrong. */
function endOf(token: string, expiresAt: string): number {
  try {
    const claims = JSON.parse(atob(token.split(".")[1]!.replace(/-/g, "+").replace(/_/g, "/"))) as { iat?: number; exp?: number };
    if (claims.exp && claims.iat && claims.exp > claims.iat) return Date.now() + (claims.exp - claims.iat) * 1000;
  } catch {
    // no token of the usual kind: then what the server says
  }
  return Date.parse(expiresAt) || 0;
}

/** What the person changed about themselves, or the organization's new name. */
export function amend(more: Partial<Pick<Session, "user" | "email" | "organizationName">>): void {
  if (session) change({ ...session, ...more }, notice);
}

/** Forgets the token; why is a key of common:ended. The other tabs of an account follow. */
export function signOut(why = ""): void {
  forgetMessages();
  if (session?.account) tabs?.postMessage("out");
  end(why);
}

function end(why: string): void {
  round++;
  drop(sessionStorage, key);
  if (!session || session.account) drop(localStorage, known);
  change(null, why);
}

/** Whether a page that was just opened should ask for a token first. */
export const mayRenew = () => session?.account || (!session && read(localStorage, known) !== "");

/** Who comes back with an account is signed in at once; resolves when it is clear, or the server cannot be reached. */
export async function start(): Promise<void> {
  if (!mayRenew()) return;
  standing = "asking";
  await renew();
}

/**
 * Asks for a new token by the cookie. False when there is none to be had; then
 * the session is over, unless only the server could not be reached.
 */
export function renew(): Promise<boolean> {
  renewing ??= inTurn(ask).finally(() => (renewing = undefined));
  return renewing;
}

/** A cookie is good for one renewal and then replaced: the tabs of a browser ask one after the other. */
async function inTurn(what: () => Promise<boolean>): Promise<boolean> {
  const locks = (globalThis.navigator as Navigator | undefined)?.locks;
  return locks ? locks.request("reelroom.renew", what) : what();
}

async function ask(): Promise<boolean> {
  const asked = round;
  try {
    const response = await fetch("/api/auth/refresh", { method: "POST", headers: { accept: "application/json" }, signal: AbortSignal.timeout(patience) });
    const answer = response.ok ? ((await response.json()) as SignedIn) : undefined;
    if (asked !== round) return session !== null;
    if (answer) {
      take(answer);
      return true;
    }
    // Any other refusal may be of something on the way: a proxy, a portal.
    if (response.status === 401) {
      // A token that still held was taken back; one that is over is nobody's doing.
      end(session && session.expiresAt > Date.now() ? "taken" : "ended");
      return false;
    }
  } catch {
    // not reached: what is held may still be good
  }
  if (asked !== round) return session !== null;
  failedAt = Date.now();
  if (!session) {
    standing = "lost";
    tell();
  }
  return false;
}

/** Leaves a session that cannot be asked for, to sign in as somebody else. */
export const giveUp = () => end("");

/** The token for the next call, renewed where it can be and must. */
export async function freshToken(): Promise<string> {
  const left = session?.account ? session.expiresAt - Date.now() : Infinity;
  if (left < early && (left <= 0 || Date.now() - failedAt > pause)) await renew();
  return session?.token ?? "";
}

function change(next: Session | null, why = "") {
  session = next;
  notice = why;
  standing = "known";
  tell();
}

function tell() {
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
/** Whether it is known who is here. */
export const useStanding = () => useSyncExternalStore(subscribe, () => standing);
export const useSession = () => useSyncExternalStore(subscribe, currentSession);
/** Why the session before this one ended: "" or a key of common:ended. */
export const useNotice = () => useSyncExternalStore(subscribe, () => notice);

/** Whether this person may upload and change videos. Unknown roles are left to the server. */
export const mayEdit = (s: Session) => s.role !== "viewer" && s.role !== "service";
export const isAdmin = (s: Session) => s.role === "admin";
