import { applyEvent, keepProgress, olderDocument, type VideoEventName, type VideoPayload } from "./apply.js";
import type { Cursor, VideoDocument } from "./contract.js";
import { newer, parseCursor, type Stamp } from "./order.js";

interface Entry {
  video: VideoDocument;
  stamp: Stamp;
  created: number;
}

/** How many deleted ids are remembered, so that a late answer does not bring one back. */
const maxDeleted = 1000;

/** What an event did to the documents. */
export type Effect = "dropped" | "applied" | "stale" | "unknown";

/** The documents that are held, by id, each with what orders it. */
export class Videos {
  private readonly entries = new Map<string, Entry>();
  private readonly deleted = new Map<string, number>();
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
    if (this.deleted.has(id)) return "dropped";
    const held = this.entries.get(id);
    if (!held) {
      if (name !== "video:deleted") return "unknown";
      this.forget(id);
      return "applied";
    }
    const stamp = stampOf(payload, cursor);
    if (!newer(stamp, held.stamp)) return "dropped";
    if (name === "video:deleted") {
      this.forget(id);
      return "applied";
    }
    const { video, stale } = applyEvent(held.video, name, payload);
    this.set(video, stamp);
    return stale ? "stale" : "applied";
  }

  /** Takes a fetched document, unless a newer one is held; cursor is where it was read, when known. */
  put(video: VideoDocument, cursor?: Cursor | null): void {
    if (this.deleted.has(video.id)) return;
    const held = this.entries.get(video.id);
    if (held && olderDocument(video, held.video)) return;
    const place = cursor ? parseCursor(cursor) : undefined;
    const { attempt, rev } = video;
    let stamp: Stamp = { attempt, rev, epoch: place?.epoch ?? held?.stamp.epoch ?? "", seq: place?.seq ?? held?.stamp.seq ?? 0 };
    // The place only ever moves on: an event of the same revision was seen after the fetch.
    if (held && !newer(stamp, held.stamp)) stamp = held.stamp;
    this.set(keepProgress(video, held?.video), stamp);
  }

  /** Drops what is held but was neither fetched nor touched since the fetch began. */
  keepOnly(fetched: ReadonlySet<string>, touched: ReadonlySet<string>): void {
    for (const id of this.entries.keys()) {
      if (!fetched.has(id) && !touched.has(id)) this.entries.delete(id);
    }
    this.sorted = undefined;
  }

  /** Removes a deleted video and keeps it away. */
  forget(id: string): void {
    this.entries.delete(id);
    this.sorted = undefined;
    this.deleted.set(id, 1);
    if (this.deleted.size > maxDeleted) this.deleted.delete(this.deleted.keys().next().value!);
  }

  private set(video: VideoDocument, stamp: Stamp): void {
    const created = this.entries.get(video.id)?.created ?? (Date.parse(video.createdAt) || 0);
    this.entries.set(video.id, { video, stamp, created });
    this.sorted = undefined;
  }
}

function stampOf(payload: VideoPayload, cursor: Cursor): Stamp {
  const place = parseCursor(cursor);
  return { attempt: payload.attempt, rev: payload.rev, epoch: place.epoch, seq: payload.seq ?? place.seq };
}
