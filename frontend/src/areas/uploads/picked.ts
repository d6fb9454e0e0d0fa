/** A file that a person has given, and, where the browser lends one, the handle by which it is found again after a reload. */
export interface Picked {
  file: File;
  handle?: Handle;
}

/** What a browser lends of a file, as far as it is used here; TypeScript's library does not know all of it. */
export interface Handle {
  readonly kind: "file" | "directory";
  readonly name: string;
  getFile(): Promise<File>;
  queryPermission?(wanted: { mode: "read" }): Promise<PermissionState>;
  requestPermission?(wanted: { mode: "read" }): Promise<PermissionState>;
}

/** A folder, which is walked through. */
export interface Folder extends Omit<Handle, "getFile"> {
  values(): AsyncIterable<Handle | Folder>;
}

/** One thing that was dropped. */
export interface Dropped {
  handle?: Promise<Handle | Folder | null>;
  entry?: FileSystemEntry | null;
  file: File | null;
}

/** Takes what was dropped or pasted out of its event, which the browser empties as soon as the event is over. */
export function taken(data: DataTransfer | null): Dropped[] {
  return [...(data?.items ?? [])]
    .filter((item) => item.kind === "file")
    .map((item) => {
      const lends = item as DataTransferItem & { getAsFileSystemHandle?(): Promise<Handle | Folder | null> };
      return { handle: lends.getAsFileSystemHandle?.().catch(() => null), entry: item.webkitGetAsEntry?.(), file: item.getAsFile() };
    });
}

/** The kinds of files that the dialog shows first. The server says what it cannot take, and why. */
export const kinds = ["video/*", ".mkv", ".avi", ".flv", ".ts", ".mxf", ".wmv", ".ogv"];

interface WithPicker {
  showOpenFilePicker?(options: { multiple: boolean; types?: { description?: string; accept: Record<string, string[]> }[] }): Promise<Handle[]>;
}

export const lendsHandles = (): boolean => typeof (window as WithPicker).showOpenFilePicker === "function";

/** Asks for files by the browser's dialog that lends handles. [] when the person has changed their mind. */
export async function chooseByHandle(multiple: boolean): Promise<Picked[]> {
  try {
    const types = [{ accept: { "video/*": kinds.slice(1) } }];
    const handles = await (window as WithPicker).showOpenFilePicker!({ multiple, types });
    return await Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), handle })));
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") return [];
    throw cause;
  }
}
