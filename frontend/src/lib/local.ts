import { ReelroomError } from "@reelroom/react";
import { useSyncExternalStore } from "react";
import { localSession } from "./api";
import { said } from "./said";
import { currentSession, signIn } from "./session";

const mark = "#local=";
let refusal = "";
const listeners = new Set<() => void>();

/**
 * Signs in by the link that the server printed: by the secret in the fragment of the address, which no server sees. It is
 * taken out of the address first, so that it stays in no history.
 */
export async function signInByLink(): Promise<void> {
  if (!location.hash.startsWith(mark)) return;
  const secret = location.hash.slice(mark.length);
  history.replaceState(history.state, "", location.pathname + location.search);
  try {
    const { token } = await localSession(secret);
    refusal = "";
    signIn(token);
  } catch (cause) {
    // Who is signed in already needs no link.
    if (!currentSession()) refusal = cause instanceof ReelroomError && cause.code === "forbidden" ? cause.message : said(cause);
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Why the link did not sign in; "" where it did or there was none. */
export const useLinkRefusal = () => useSyncExternalStore(subscribe, () => refusal);
