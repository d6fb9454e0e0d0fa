import { useSyncExternalStore } from "react";

/** Why a part of the page is not there: the server cannot be reached, or has this part no longer. */
export type Trouble = "none" | "unreachable" | "outdated";

/** How long to wait before a part is asked for again, in ms; the last again and again while the server is away. */
const waits = [1_000, 2_000, 4_000, 8_000];
/** How often a server that answers may fail to give a part before the page counts as outdated. */
const enough = 3;

const troubles = new Map<object, Trouble>();
const listeners = new Set<() => void>();
const wakers = new Set<() => void>();

/**
 * Makes a loader of a part of the page's code or words. It loads the part once.
 * While the server cannot be reached it asks again, so the promise is late and
 * not rejected; useTrouble tells what it waits for. A part that a server in
 * reach does not have stays away until the page is loaded again.
 */
export function loader<T>(get: () => Promise<T>, reachable: () => Promise<boolean> = answers): () => Promise<T> {
  let coming: Promise<T> | undefined;
  return () => (coming ??= insist(get, reachable));
}

async function insist<T>(get: () => Promise<T>, reachable: () => Promise<boolean>): Promise<T> {
  const one = {};
  let refusals = 0;
  for (let tries = 0; ; tries++) {
    try {
      if (tries > 0) await restyle();
      const got = await get();
      if (troubles.delete(one)) tell();
      return got;
    } catch {
      if (await reachable()) refusals++;
    }
    if (refusals >= enough) {
      troubles.set(one, "outdated");
      tell();
      return new Promise<never>(() => {});
    }
    // A server that answers has perhaps just come back: the next try shows it.
    if (refusals === 0) {
      troubles.set(one, "unreachable");
      tell();
    }
    await woken(waits[Math.min(tries, waits.length - 1)]!);
  }
}

/** The style sheets that did not come. What imports a part asks for each style sheet only once. */
const unstyled = new Set<HTMLLinkElement>();
if (typeof document !== "undefined") {
  document.addEventListener("error", ({ target }) => void (target instanceof HTMLLinkElement && target.rel === "stylesheet" && unstyled.add(target)), true);
}

/** Asks again for the style sheets that did not come; rejects when one does not come again. */
async function restyle(): Promise<void> {
  await Promise.all(
    [...unstyled].map((link) => {
      unstyled.delete(link);
      const again = link.cloneNode() as HTMLLinkElement;
      return new Promise((resolve, reject) => {
        again.onload = resolve;
        again.onerror = reject; // and it is among the unstyled again
        link.replaceWith(again);
      });
    }),
  );
}

/** Whether the server, not only something on the way to it, answers. */
async function answers(): Promise<boolean> {
  try {
    return (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(5_000) })).status < 500;
  } catch {
    return false;
  }
}

/** Resolves after so many ms, or as soon as somebody wants to try again. */
function woken(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      wakers.delete(wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    wakers.add(wake);
  });
}

/** Asks again at once for all that is waited for. */
export function loadAgain(): void {
  for (const wake of [...wakers]) wake();
}
if (typeof addEventListener === "function") addEventListener("online", loadAgain);

function tell(): void {
  for (const listener of listeners) listener();
}

/** The worst that is in the way of a part of the page. */
export function trouble(): Trouble {
  const all = new Set(troubles.values());
  return all.has("outdated") ? "outdated" : all.has("unreachable") ? "unreachable" : "none";
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export const useTrouble = (): Trouble => useSyncExternalStore(subscribe, trouble);
