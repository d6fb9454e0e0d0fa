import type { VideoDocument } from "./contract.js";
import type { At, Query } from "./query.js";

interface Row extends At {
  video: VideoDocument;
}

/** What became of a list by a change: the same, another document in it, or other places. */
export type Moved = "same" | "document" | "order";

/** The held videos that belong to a query, in its order: a change costs a search and a shift, not a sort. */
export class Rows {
  private rows: Row[] = [];
  private readonly byId = new Map<string, Row>();
  /** The last place that was fetched, beyond which there may be others; null shows all. */
  edge: At | null = null;

  constructor(private readonly query: Query) {}

  has(id: string): boolean {
    return this.byId.has(id);
  }

  /** How many are in sight. */
  get count(): number {
    return this.edge ? this.search(this.edge, true) : this.rows.length;
  }

  /** Those in sight. */
  videos(): VideoDocument[] {
    return this.rows.slice(0, this.count).map(({ video }) => video);
  }

  inSight(at: At): boolean {
    return this.edge === null || this.query.compare(at, this.edge) <= 0;
  }

  /** Notes a video as it is now; undefined when it does not belong here. */
  take(id: string, video: VideoDocument | undefined): Moved {
    const old = this.byId.get(id);
    if (!old && !video) return "same";
    const at = video && this.query.at(video);
    if (old && at && old.key === at.key) {
      old.video = video!;
      return this.inSight(old) ? "document" : "same";
    }
    let seen = false;
    if (old) {
      this.rows.splice(this.search(old, false), 1);
      this.byId.delete(id);
      seen = this.inSight(old);
    }
    if (at) {
      const row: Row = { ...at, video: video! };
      this.rows.splice(this.search(row, false), 0, row);
      this.byId.set(id, row);
      seen ||= this.inSight(row);
    }
    return seen ? "order" : "same";
  }

  /** Takes many at once, as the whole content. */
  fill(videos: Iterable<VideoDocument>): void {
    for (const video of videos) {
      const row: Row = { ...this.query.at(video), video };
      this.rows.push(row);
      this.byId.set(row.id, row);
    }
    this.rows.sort(this.query.compare);
  }

  /** Where a place is, or would be; after it when it is there and asked for so. */
  private search(at: At, after: boolean): number {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.query.compare(this.rows[middle]!, at);
      if (order < 0 || (after && order === 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
