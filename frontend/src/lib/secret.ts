import { useSyncExternalStore } from "react";

/**
 * The secret of an invitation or of a new password stands behind the # of the
 * link, which no server ever sees. It is taken out of the address at once, so
 * that it stays in no history and no screenshot.
 */
let secret = "";
const listeners = new Set<() => void>();

export function takeSecret(): void {
  if (location.hash.length < 2 || !["/join", "/reset"].includes(location.pathname)) return;
  secret = decoded(location.hash.slice(1));
  history.replaceState(history.state, "", location.pathname);
  for (const listener of listeners) listener();
}

/** Done with it. */
export function forgetSecret(): void {
  secret = "";
}

/** A link that is put into the address of an open page brings another one. */
function subscribe(listener: () => void) {
  listeners.add(listener);
  addEventListener("hashchange", takeSecret);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener("hashchange", takeSecret);
  };
}

export const useSecret = () => useSyncExternalStore(subscribe, () => secret);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
