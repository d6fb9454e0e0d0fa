import { call } from "../../lib/api";
import { isFileOf, type Kept } from "./job";
import type { Handle } from "./picked";

/** Ends an unfinished upload at the server. */
export const discard = (id: string) => call<void>(`/api/uploads/${encodeURIComponent(id)}`, { method: "DELETE", headers: { "tus-resumable": "1.0.0" } });

/**
 * The file of a handle; "asked" where its person must allow it first, and with
 * `ask` has not; "gone" where it was moved, deleted or changed.
 */
export async function fileOf(kept: Kept, handle: Handle, ask: boolean): Promise<File | "asked" | "gone"> {
  try {
    const wanted = { mode: "read" } as const;
    const may = (await handle.queryPermission?.(wanted)) ?? "granted";
    if (may !== "granted" && (!ask || (await handle.requestPermission?.(wanted)) !== "granted")) return "asked";
    const file = await handle.getFile();
    return isFileOf(kept, file) ? file : "gone";
  } catch {
    return "gone";
  }
}

/** A browser lets nobody read a file that was changed or moved since it was chosen. */
export async function readable(file: File): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
