import { asError, type Api, type ReelroomError } from "./api.js";
import type { VideoEventName, VideoPayload } from "./apply.js";
import type { Cursor } from "./contract.js";
import type { Videos } from "./videos.js";

/** Fetches of single documents at a time, ids that may wait for one, and events kept for each. */
const maxFetches = 4;
const maxWaiting = 200;
const maxKept = 50;

/** An event as it came. */
export type Heard = [name: VideoEventName, payload: VideoPayload, cursor: Cursor];

/** A document to fetch: unknown when none is held, stale when it is not whole. */
interface Waiting {
  why: "unknown" | "stale";
  events: Heard[];
  fetching: boolean;
}

export interface FetchHandlers {
  /** Tells whether the list, read later than an event, answers for what is not held. */
  listed(cursor: Cursor): boolean;
  /** Takes an event, now that its document is held. */
  event(...heard: Heard): void;
  changed(): void;
  /** Too many documents wait: only the list can tell them now. */
  tooMany(cursor: Cursor): void;
  /** One could not be had. */
  failed(problem: ReelroomError): void;
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

  forget(id: string): void {
    this.waiting.delete(id);
  }

  /** Notes that the document of an event must be fetched; settle starts it. */
  add(why: Waiting["why"], ...heard: Heard): void {
    const [, { videoId }, cursor] = heard;
    let entry = this.waiting.get(videoId);
    if (!entry) {
      if (this.waiting.size >= maxWaiting) {
        this.waiting.clear();
        this.handlers.tooMany(cursor);
        return;
      }
      this.waiting.set(videoId, (entry = { why, events: [], fetching: false }));
    }
    entry.events.push(heard);
    if (entry.events.length > maxKept) entry.events.shift();
  }

  /** Starts the fetches that wait, as many as may run, until the signal ends them. */
  settle(signal: AbortSignal): void {
    let busy = [...this.waiting.values()].filter((entry) => entry.fetching).length;
    for (const [id, entry] of this.waiting) {
      if (busy >= maxFetches) return;
      if (entry.fetching) continue;
      const held = this.videos.get(id) !== undefined;
      if (entry.why === "unknown" && (held || this.handlers.listed(entry.events.at(-1)![2]))) {
        this.waiting.delete(id);
        if (held) for (const heard of entry.events) this.handlers.event(...heard);
        continue;
      }
      entry.fetching = true;
      busy++;
      void this.fetch(id, entry, signal);
    }
  }

  private async fetch(id: string, entry: Waiting, signal: AbortSignal): Promise<void> {
    let problem: ReelroomError | undefined;
    try {
      const video = await this.api.video(id, signal);
      if (this.waiting.get(id) === entry) this.videos.put(video);
    } catch (cause) {
      problem = asError(cause);
    }
    if (signal.aborted) return;
    if (this.waiting.get(id) === entry) {
      this.waiting.delete(id);
      for (const heard of entry.events) this.videos.event(...heard);
      this.handlers.changed();
      // One that is not there was deleted meanwhile.
      if (problem && problem.status !== 404) this.handlers.failed(problem);
    }
    this.settle(signal);
  }
}
