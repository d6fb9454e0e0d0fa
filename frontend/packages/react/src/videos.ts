import { applyEvent, keepProgress, olderDocument, type VideoEventName, type VideoPayload } from "./apply.js";
import type { Cursor, VideoDocument } from "./contract.js";
import { covers, later, newer, parseCursor, type Place, type Stamp } from "./order.js";

interface Entry {
  video: VideoDocument;
  stamp: Stamp;
  created: number;
  /** When it was last heard of, counted in all that was heard; and where in the log, "" when that is not known. */
  turn: number;
  at: Cursor;
  /** Where the whole document was read. */
  read: Cursor;
  /** Events were lost since it was read, which may have spoken of it. */
  suspect: boolean;
}

/** How many deleted ids are remembered, so that a late answer does not bring one back. */
const maxDeleted = 1000;

/**
 * A deleted video. An idempotency key can make its id again: then the events of
 * that second life stand later in the log, its document was made after `since`
 * (by the server's clock), and its revisions begin with 1.
 */
interface Gone extends Place {
  since: number;
}

/** What an event did to the documents. */
export type Effect = "dropped" | "applied" | "stale" | "unknown";

/** The documents that are held, by id, each with what orders it. */
export class Videos {
  private readonly entries = new Map<string, Entry>();
  private readonly deleted = new Map<string, Gone>();
  private readonly hidden = new Map<string, number>();
  private turns = 0;

  /** changed hears of each video that is another one now, or gone. */
  constructor(private readonly changed: (id: string) => void) {}

  get(id: string): VideoDocument | undefined {
    return this.entries.get(id)?.video;
  }

  /** What is to be shown of a video: nothing while it is hidden. */
  shown(id: string): VideoDocument | undefined {
    return this.hidden.has(id) ? undefined : this.get(id);
  }

  /** All that are to be shown, in no order. */
  *allShown(): Iterable<VideoDocument> {
    for (const [id, { video }] of this.entries) if (!this.hidden.has(id)) yield video;
  }

  ids(): string[] {
    return [...this.entries.keys()];
  }

  /** The present moment, for heardSince. */
  get now(): number {
    return this.turns;
  }

  /** Tells whether a video was heard of after a moment, and later in the log than a place. */
  heardSince(id: string, moment: number, cursor: Cursor): boolean {
    const entry = this.entries.get(id);
    return entry !== undefined && entry.turn > moment && !covers(cursor, entry.at);
  }

  /** Events up to a place, or any, were lost: what was not read later is not to be trusted. */
  doubt(upTo: Cursor | null): void {
    for (const entry of this.entries.values()) if (!covers(entry.read, upTo)) entry.suspect = true;
  }

  /** A document that is held is not whole. */
  doubtOne(id: string): void {
    const entry = this.entries.get(id);
    if (entry) entry.suspect = true;
  }

  /** Those that were not read since events were lost. */
  suspects(): string[] {
    return [...this.entries].filter(([, { suspect }]) => suspect).map(([id]) => id);
  }

  /** Keeps a video out of sight until the returned function is called, or it is deleted. */
  hide(id: string): () => void {
    this.hidden.set(id, (this.hidden.get(id) ?? 0) + 1);
    this.changed(id);
    let done = false;
    return () => {
      const times = this.hidden.get(id);
      if (done || times === undefined) return;
      done = true;
      if (times > 1) this.hidden.set(id, times - 1);
      else this.hidden.delete(id);
      this.changed(id);
    };
  }

  /** Shows another title until the server tells a newer document, or the returned function is called. */
  rename(id: string, title: string): () => void {
    const entry = this.entries.get(id);
    if (!entry) return () => {};
    const before = entry.video.title;
    const { rev } = entry.video;
    this.entries.set(id, { ...entry, video: { ...entry.video, title } });
    this.changed(id);
    return () => {
      const now = this.entries.get(id);
      if (!now || now.video.title !== title || now.video.rev > rev) return;
      this.entries.set(id, { ...now, video: { ...now.video, title: before } });
      this.changed(id);
    };
  }

  isDeleted(id: string): boolean {
    return this.deleted.has(id);
  }

  /** Takes an event: drops it when it is not newer than what is held. */
  event(name: VideoEventName, payload: VideoPayload, cursor: Cursor): Effect {
    const { videoId: id } = payload;
    const stamp = stampOf(payload, cursor);
    const gone = this.deleted.get(id);
    if (gone) {
      const reborn = gone.epoch !== "" && later(stamp, gone);
      if (name === "video:deleted" && (reborn || gone.epoch === "")) this.bury(id, payload.ts, stamp);
      return reborn && name !== "video:deleted" ? "unknown" : "dropped";
    }
    const held = this.entries.get(id);
    if (!held) {
      if (name !== "video:deleted") return "unknown";
      this.bury(id, payload.ts, stamp);
      return "applied";
    }
    if (!newer(stamp, held.stamp)) {
      // Made anew, and the end of the one that is held was missed.
      return name === "video:queued" && stamp.rev === 1 && later(stamp, held.stamp) ? "stale" : "dropped";
    }
    if (name === "video:deleted") {
      this.bury(id, payload.ts, stamp);
      return "applied";
    }
    const { video, stale } = applyEvent(held.video, name, payload);
    // A revision that was passed over may have changed what this event does not tell.
    const whole = name === "video:updated" && !stale;
    const skipped = !whole && (held.suspect || stamp.attempt > held.stamp.attempt + 1 || stamp.rev > held.stamp.rev + 1);
    this.set(video, stamp, cursor, whole ? cursor : held.read, held.suspect && !whole);
    return stale || skipped ? "stale" : "applied";
  }

  /**
   * Takes a fetched document, unless a newer one is held; cursor is where it was
   * read, when known. As a base it is taken nevertheless: what has happened since follows.
   */
  put(video: VideoDocument, cursor: Cursor | null = null, base = false): void {
    const gone = this.deleted.get(video.id);
    if (gone && createdOf(video) <= gone.since) return;
    this.deleted.delete(video.id);
    const place = cursor ? parseCursor(cursor) : { epoch: "", seq: 0 };
    const held = this.entries.get(video.id);
    const { attempt, rev } = video;
    if (!held) {
      this.set(video, { attempt, rev, ...place }, cursor ?? "", cursor ?? "", false);
      return;
    }
    const anew = createdOf(video) > held.created;
    if (createdOf(video) < held.created) return;
    if (!anew && olderDocument(video, held.video)) {
      if (base) this.set(keepProgress(video, held.video), { attempt, rev, ...place }, held.at, "", false);
      return;
    }
    // The place only ever moves on: an event of the same revision, or of the life before, was seen before the fetch.
    const { epoch, seq } = later(place, held.stamp) ? place : held.stamp;
    this.set(anew ? video : keepProgress(video, held.video), { attempt, rev, epoch, seq }, cursor ?? "", cursor ?? "", false);
  }

  /** Lets go of a document, which may come back. */
  drop(id: string): void {
    if (this.entries.delete(id)) this.changed(id);
  }

  /** Removes a deleted video and keeps it away. */
  forget(id: string): void {
    if (this.deleted.has(id)) return;
    this.bury(id, "", { epoch: "", seq: 0 });
  }

  private bury(id: string, ts: string, { epoch, seq }: Place): void {
    const known = this.entries.get(id)?.created ?? this.deleted.get(id)?.since ?? Infinity;
    this.hidden.delete(id);
    this.drop(id);
    this.deleted.delete(id); // so that it is the youngest
    this.deleted.set(id, { since: Date.parse(ts) || known, epoch, seq });
    if (this.deleted.size > maxDeleted) this.deleted.delete(this.deleted.keys().next().value!);
    this.changed(id);
  }

  private set(video: VideoDocument, stamp: Stamp, at: Cursor, read: Cursor, suspect: boolean): void {
    this.entries.set(video.id, { video, stamp, created: createdOf(video), turn: ++this.turns, at, read, suspect });
    this.changed(video.id);
  }
}

function createdOf(video: VideoDocument): number {
  return Date.parse(video.createdAt) || 0;
}

function stampOf(payload: VideoPayload, cursor: Cursor): Stamp {
  const place = parseCursor(cursor);
  return { attempt: payload.attempt, rev: payload.rev, epoch: place.epoch, seq: payload.seq ?? place.seq };
}
