const key = "reelroom.uploads";

/** Notes whether this browser keeps unfinished uploads, so that a page without any need not load what sends them. */
export function markKept(some: boolean): void {
  try {
    if (some) localStorage.setItem(key, "yes");
    else localStorage.removeItem(key);
  } catch {
    // the server's list tells, too
  }
}

export function hasKept(): boolean {
  try {
    return localStorage.getItem(key) === "yes";
  } catch {
    return false;
  }
}
