import { kinds, type Dropped, type Folder, type Handle, type Picked } from "./picked";

/** How much of a dropped folder is looked at. */
const maxFiles = 2_000;
const maxDepth = 16;

/** The files among what was dropped; of folders the videos below them. What is left alone is counted. */
export async function walk(dropped: readonly Dropped[]): Promise<{ picked: Picked[]; left: number }> {
  const found = { picked: [] as Picked[], left: 0 };
  for (const { handle, entry, file } of dropped) {
    const lent = await handle?.catch(() => null);
    if (lent?.kind === "directory") await folder(lent as Folder, found, 0);
    else if (lent) await take(lent as Handle, found, true);
    else if (entry?.isDirectory) await older(entry as FileSystemDirectoryEntry, found, 0);
    else if (file) found.picked.push({ file });
  }
  return found;
}

const full = (found: { picked: unknown[]; left: number }) => found.picked.length + found.left >= maxFiles;

async function folder(dir: Folder, found: { picked: Picked[]; left: number }, depth: number): Promise<void> {
  for await (const one of dir.values()) {
    if (full(found)) return;
    if (one.kind === "file") await take(one as Handle, found, false);
    else if (depth < maxDepth && !hidden(one.name)) await folder(one as Folder, found, depth + 1);
  }
}

async function take(handle: Handle, found: { picked: Picked[]; left: number }, chosen: boolean): Promise<void> {
  const file = await handle.getFile();
  if (chosen || isVideo(file)) found.picked.push({ file, handle });
  else if (!hidden(file.name)) found.left++;
}

async function older(dir: FileSystemDirectoryEntry, found: { picked: Picked[]; left: number }, depth: number): Promise<void> {
  const reader = dir.createReader();
  // It gives its entries a hundred at a time.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const entry of some) {
      if (full(found)) return;
      if (entry.isDirectory) {
        if (depth < maxDepth && !hidden(entry.name)) await older(entry as FileSystemDirectoryEntry, found, depth + 1);
        continue;
      }
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      if (isVideo(file)) found.picked.push({ file });
      else if (!hidden(file.name)) found.left++;
    }
  }
}

const hidden = (name: string) => name.startsWith(".");

/** Whether a file of a folder is one that people mean when they give the folder. */
function isVideo(file: File): boolean {
  const name = file.name.toLowerCase();
  return !hidden(name) && (file.type.startsWith("video/") || kinds.some((kind) => kind.startsWith(".") && name.endsWith(kind)));
}
