import type { Pace } from "./pace";
import type { Handle } from "./picked";
import type { Trouble } from "./trouble";

/**
 * Where a file stands: in line; on its way; all sent, and the server has yet to
 * answer; waiting for the next try; stopped by its person; without its file
 * after a reload; refused; and, for a moment, a video.
 */
export type State = "waiting" | "sending" | "checking" | "retrying" | "paused" | "lost" | "failed" | "done";

/** A file on its way to the server, as it is shown. Never changed, only replaced. */
export interface Upload {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  readonly state: State;
  /** How many bytes are at the server, or just about. */
  readonly sent: number;
  /** Bytes a second, 0 while that is not known. */
  readonly speed: number;
  readonly trouble: Trouble | null;
  /** When the next try is, in ms since the epoch. */
  readonly retryAt: number;
  /** Of one that is lost: whether a click is enough, since the browser knows where the file is. */
  readonly known: boolean;
}

/** What is kept in the browser of a file that is not a video yet. */
export interface Kept {
  key: string;
  /** Whose it is: organization and user. */
  owner: string;
  name: string;
  size: number;
  /** 0 where it is not known: the upload was begun elsewhere. */
  lastModified: number;
  /** The id at the server, "" while there is none. */
  id: string;
  sent: number;
  paused: boolean;
  /** Orders what is kept. */
  at: number;
  handle?: Handle;
  /** A small file itself. */
  file?: File;
}

/** What is shown of all. */
export interface Uploads {
  readonly list: readonly Upload[];
  /** Of those that came since nothing was on its way: all, and those that have become videos. */
  readonly total: number;
  readonly done: number;
  /** Uploads that another tab of this browser has. */
  readonly elsewhere: readonly Pick<Kept, "id" | "key">[];
  /** What this browser has kept was looked at. */
  readonly ready: boolean;
}

function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

/** What is kept of a file from the first moment on. */
export const keptOf = (owner: string, file: Pick<Kept, "name" | "size" | "lastModified"> & Partial<Kept>): Kept => ({
  key: newKey(), owner, id: "", sent: 0, paused: false, at: Date.now(), ...file,
});

/** How many files are sent at a time. */
export const parallel = 3;
/** How many files may be in line. */
export const maxJobs = 2_000;
/** Files up to this size are kept whole where the browser lends no handle, and all together up to the second, in bytes. */
export const maxKept = 10 << 20;
export const maxKeptAll = 100 << 20;

/** Whether a file is the one that was begun. */
export const isFileOf = (kept: Pick<Kept, "name" | "size" | "lastModified">, file: File): boolean =>
  file.name === kept.name && file.size === kept.size && (kept.lastModified === 0 || file.lastModified === kept.lastModified);

/** "holiday.final.mp4" → "holiday.final". */
export const titleOf = (name: string) => name.replace(/\.[A-Za-z0-9]{1,5}$/, "") || name;

/** A file on its way, as the queue has it. */
export interface Job {
  kept: Kept;
  file?: File;
  state: State;
  sent: number;
  pace: Pace;
  trouble: Trouble | null;
  retryAt: number;
  /** How many tries in a row have brought nothing. */
  failures: number;
  timer?: ReturnType<typeof setTimeout>;
  stop?: () => void;
  /** Makes the upload free for other tabs. */
  free?: () => void;
  shown?: Upload;
}

/** What is shown of it: the same object as long as nothing has changed. */
export function shownOf(job: Job): Upload {
  const { key, name, size, handle } = job.kept;
  const next: Upload = {
    key, name, size, state: job.state, sent: job.sent, speed: job.pace.speed, trouble: job.trouble, retryAt: job.retryAt, known: handle !== undefined,
  };
  const old = job.shown;
  if (old && (Object.keys(next) as (keyof Upload)[]).every((field) => old[field] === next[field])) return old;
  return (job.shown = next);
}
