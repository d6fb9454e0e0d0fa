import { applyEvent, keepProgress, olderDocument, type VideoEventName, type VideoPayload } from "./apply.js";
import type { Cursor, VideoDocument } from "./contract.js";
import { later, newer, parseCursor, type Place, type Stamp } from "./order.js";

interface Entry {
  video: VideoDocument;
  stamp: Stamp;
  created: number;
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
  private sorted: VideoDocument[] | undefined = [];

  get(id: string): VideoDocument | undefined {
    return this.entries.get(id)?.video;
  }

  get size(): number {
    return this.entries.size;
  }

  isDeleted(id: string): boolean {
    return this.deleted.has(id);
  }

  /** All documents, newest first; the same array until something changes. */
  list(): VideoDocument[] {
    this.sorted ??= [...this.entries.values()]
      .sort((a, b) => b.created - a.created || (a.video.id < b.video.id ? 1 : -1))
      .map((entry) => entry.video);
    return this.sorted;
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
    this.set(video, stamp);
    return stale ? "stale" : "applied";
  }

  /** Takes a fetched document, unless a newer one is held; cursor is where it was read, when known. */
  put(video: VideoDocument, cursor?: Cursor | null): void {
    const gone = this.deleted.get(video.id);
    if (gone && createdOf(video) <= gone.since) return;
    this.deleted.delete(video.id);
    const place = cursor ? parseCursor(cursor) : { epoch: "", seq: 0 };
    const held = this.entries.get(video.id);
    const { attempt, rev } = video;
    if (!held || createdOf(video) > held.created) {
      this.set(video, { attempt, rev, ...place });
      return;
    }
    if (createdOf(video) < held.created || olderDocument(video, held.video)) return;
    // The place only ever moves on: an event of the same revision was seen after the fetch.
    const { epoch, seq } = later(place, held.stamp) ? place : held.stamp;
    this.set(keepProgress(video, held.video), { attempt, rev, epoch, seq });
  }

  /** Drops every document but these. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.entries.keys()) if (!ids.has(id)) this.drop(id);
  }

  /** Lets go of a document, which may come back. */
  drop(id: string): void {
    this.entries.delete(id);
    this.sorted = undefined;
  }

  /** Removes a deleted video and keeps it away. */
  forget(id: string): void {
    if (this.deleted.has(id)) return;
    this.bury(id, "", { epoch: "", seq: 0 });
  }

  private bury(id: string, ts: string, { epoch, seq }: Place): void {
    const known = this.entries.get(id)?.created ?? this.deleted.get(id)?.since ?? Infinity;
    this.drop(id);
    this.deleted.delete(id); // so that it is the youngest
    this.deleted.set(id, { since: Date.parse(ts) || known, epoch, seq });
    if (this.deleted.size > maxDeleted) this.deleted.delete(this.deleted.keys().next().value!);
  }

  private set(video: VideoDocument, stamp: Stamp): void {
    this.entries.set(video.id, { video, stamp, created: createdOf(video) });
    this.sorted = undefined;
  }
}

function createdOf(video: VideoDocument): number {
  return Date.parse(video.createdAt) || 0;
}

function stampOf(payload: VideoPayload, cursor: Cursor): Stamp {
  const place = parseCursor(cursor);
  return { attempt: payload.attempt, rev: payload.rev, epoch: place.epoch, seq: payload.seq ?? place.seq };
}
