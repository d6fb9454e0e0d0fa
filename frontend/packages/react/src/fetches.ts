import { asError, type Api, type ReelroomError } from "./api.js";
import type { VideoEventName, VideoPayload } from "./apply.js";
import type { Cursor } from "./contract.js";
import type { Videos } from "./videos.js";

/** Fetches of single documents at a time, how many may wait for one, and how many for a list; and events kept for each. */
const maxFetches = 4;
const maxWaiting = 200;
const maxHeld = 2000;
const maxKept = 50;

/** An event as it came. */
export type Heard = [name: VideoEventName, payload: VideoPayload, cursor: Cursor];

/** A document to fetch: unknown when none is held, stale when the one that is held is not whole. */
interface Waiting {
  why: "unknown" | "stale";
  events: Heard[];
  /** It is known that it must be fetched. */
  needed: boolean;
  fetching: boolean;
}

export interface FetchHandlers {
  /** Tells whether a video that is not held must be fetched, after these events about it. */
  needs(heard: readonly Heard[]): boolean;
  /** Takes an event, now that its document is held. */
  event(...heard: Heard): void;
  /** Too many documents wait: only the list can tell them now. */
  tooMany(cursor: Cursor): void;
  /** One could not be had. */
  failed(problem: ReelroomError, id: string): void;
}

/** Fetches the documents of which events tell too little; what comes before a document arrives is applied to it. */
export class Fetches {
  private readonly waiting = new Map<string, Waiting>();

  constructor(
    private readonly api: Api,
    private readonly videos: Videos,
    private readonly handlers: FetchHandlers,
  ) {}

  get idle(): boolean {
    return this.waiting.size === 0;
  }

  clear(): void {
    this.waiting.clear();
  }

  has(id: string): boolean {
    return this.waiting.has(id);
  }

  forget(id: string): void {
    this.waiting.delete(id);
  }

  /** Notes an event whose document must be fetched, or perhaps; settle starts it. */
  add(why: Waiting["why"], ...heard: Heard): void {
    const [, { videoId }, cursor] = heard;
    let entry = this.waiting.get(videoId);
    if (!entry) {
      if (this.waiting.size >= maxHeld) return this.giveUp(cursor);
      this.waiting.set(videoId, (entry = { why, events: [], needed: why === "stale", fetching: false }));
    }
    entry.events.push(heard);
    if (entry.events.length > maxKept) entry.events.shift();
  }

  private giveUp(cursor: Cursor): void {
    this.waiting.clear();
    this.handlers.tooMany(cursor);
  }

  /** Starts the fetches that wait, as many as may run, until the signal ends them. */
  settle(signal: AbortSignal): void {
    for (const [id, entry] of this.waiting) {
      if (entry.needed || this.answered(id, entry)) continue;
      entry.needed = this.handlers.needs(entry.events);
      if (!entry.needed) this.waiting.delete(id);
    }
    if (this.waiting.size > maxWaiting) return this.giveUp([...this.waiting.values()].at(-1)!.events.at(-1)![2]);
    let busy = [...this.waiting.values()].filter((entry) => entry.fetching).length;
    for (const [id, entry] of this.waiting) {
      if (busy >= maxFetches) return;
      if (entry.fetching || this.answered(id, entry)) continue;
      entry.fetching = true;
      busy++;
      void this.fetch(id, entry, signal);
    }
  }

  /** Tells whether the document has come by another way meanwhile. */
  private answered(id: string, entry: Waiting): boolean {
    if (entry.fetching || entry.why === "stale" || !this.videos.get(id)) return false;
    this.waiting.delete(id);
    for (const heard of entry.events) this.handlers.event(...heard);
    return true;
  }

  private async fetch(id: string, entry: Waiting, signal: AbortSignal): Promise<void> {
    let problem: ReelroomError | undefined;
    try {
      const video = await this.api.video(id, signal);
      if (this.waiting.get(id) === entry) {
        // Every event since the first that is kept will be applied to it once more.
        const whole = entry.events.length < maxKept && video.rev >= entry.events[0]![1].rev;
        this.videos.put(video, null, whole);
      }
    } catch (cause) {
      problem = asError(cause);
    }
    if (signal.aborted) return;
    if (this.waiting.get(id) === entry) {
      this.waiting.delete(id);
      if (!problem) for (const heard of entry.events) this.handlers.event(...heard);
      // One that is not there was deleted meanwhile.
      if (problem?.status === 404) this.videos.drop(id);
      else if (problem) this.handlers.failed(problem, id);
    }
    this.settle(signal);
  }
}
