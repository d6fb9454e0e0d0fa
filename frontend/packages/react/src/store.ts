import { Api, ReelroomError, type Token } from "./api.js";
import type { VideoEventName, VideoPayload } from "./apply.js";
import type { Cursor, SubscribeAck, VideoDocument } from "./contract.js";
import { Link, type AnySocket, type Connection } from "./link.js";
import { Notifier } from "./notify.js";
import { Videos } from "./videos.js";

export type { Connection } from "./link.js";

export interface LibraryOptions {
  /** The server's address; the page's own when left out. */
  url?: string;
  /** The app's own socket. The store puts its listeners on it, and never connects or closes it. */
  socket?: AnySocket;
  /** For HTTP, and for the store's own socket. A function is asked at every use. */
  token?: Token;
  /** How many videos a page of the list has, 1 to 100. */
  pageSize?: number;
  fetch?: typeof fetch;
}

/** The library as it stands. The same object until something changes. */
export interface Library {
  /** loading and error speak of the first page; ready stays while it is fetched again. */
  state: "idle" | "loading" | "ready" | "error";
  error: ReelroomError | null;
  videos: readonly VideoDocument[];
  hasMore: boolean;
}

/** One video as it stands. */
export interface VideoState {
  state: "loading" | "ready" | "missing";
  video: VideoDocument | null;
}

/** A live library: the list once, then its events. It works while somebody subscribes. */
export interface LibraryStore {
  /** Hears of changes, at most once a frame. The first one connects, the last one to leave disconnects. */
  subscribe(listener: () => void): () => void;
  getLibrary(): Library;
  getConnection(): Connection;
  getVideo(id: string): VideoState;
  /** Asks for a video's own, finer events, until the returned function is called. */
  watch(id: string): () => void;
  /** Fetches the list again; what is held stays in sight meanwhile. */
  reload(): Promise<void>;
  /** Fetches the next page. */
  loadMore(): Promise<void>;
  /** Takes a document from another answer, for instance of an upload. */
  put(video: VideoDocument): void;
  /** Takes a video away at once, for instance after the server confirmed its deletion. */
  forget(id: string): void;
}

/** Waits before a failed list is fetched again, in ms. */
const reloadWaits = [1_000, 2_000, 5_000, 10_000, 30_000];
/** Fetches of single documents at a time, ids that may wait for one, and events kept for each. */
const maxFetches = 4;
const maxWaiting = 200;
const maxKept = 50;
/** Answers of getVideo that are kept, so that the same state is the same object. */
const maxStates = 2000;

/** A document to fetch: unknown when none is held, stale when it is not whole. */
interface Waiting {
  why: "unknown" | "stale";
  events: [VideoEventName, VideoPayload, Cursor][];
  fetching: boolean;
}

export function createLibraryStore(options: LibraryOptions = {}): LibraryStore {
  return new Store(options);
}

class Store implements LibraryStore {
  private readonly pageSize: number;
  private readonly api: Api;
  private readonly link: Link;
  private readonly videos = new Videos();
  private readonly notifier = new Notifier();
  private readonly watched = new Map<string, number>();
  private readonly missing = new Set<string>();
  /** Ids of events whose document is not held, or not whole. */
  private readonly waiting = new Map<string, Waiting>();
  private readonly states = new Map<string, VideoState>();

  private library: Library = { state: "idle", error: null, videos: [], hasMore: false };
  private connection: Connection = { state: "idle", error: null };
  private started: AbortController | undefined;
  private next: string | null = null;
  private loading: AbortController | undefined;
  private touched = new Set<string>();
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor({ url = "", socket, token, pageSize = 50, fetch: fetcher = (...args) => fetch(...args) }: LibraryOptions) {
    this.pageSize = Math.min(Math.max(pageSize, 1), 100);
    this.api = new Api(url, token, fetcher);
    this.link = new Link(socket, url, token, {
      connection: (next) => {
        this.connection = next;
        this.notifier.changed();
      },
      up: (recovered) => this.up(recovered),
      event: (name, payload, cursor) => this.event(name, payload, cursor),
      reset: () => void this.reload(),
    });
  }

  subscribe = (listener: () => void): (() => void) => {
    const remove = this.notifier.add(listener);
    if (!this.started) {
      this.started = new AbortController();
      this.link.start();
    }
    let gone = false;
    return () => {
      if (gone) return;
      gone = true;
      remove();
      // React's StrictMode leaves and comes back at once: that must not cost a connection.
      setTimeout(() => this.notifier.size === 0 && this.stop(), 0);
    };
  };

  private stop(): void {
    this.started?.abort();
    this.started = undefined;
    this.loading?.abort();
    this.loading = undefined;
    clearTimeout(this.retry);
    this.waiting.clear();
    for (const id of this.watched.keys()) this.link.send("video:unsubscribe", id);
    this.link.stop();
  }

  getLibrary = (): Library => {
    const videos = this.videos.list();
    if (videos !== this.library.videos) this.library = { ...this.library, videos };
    return this.library;
  };

  getConnection = (): Connection => this.connection;

  getVideo = (id: string): VideoState => {
    const video = this.videos.get(id) ?? null;
    const state = video ? "ready" : this.missing.has(id) || this.videos.isDeleted(id) ? "missing" : "loading";
    const held = this.states.get(id);
    if (held && held.video === video && held.state === state) return held;
    const fresh: VideoState = { state, video };
    if (this.states.size >= maxStates) this.states.clear();
    this.states.set(id, fresh);
    return fresh;
  };

  watch = (id: string): (() => void) => {
    const count = this.watched.get(id) ?? 0;
    this.watched.set(id, count + 1);
    if (count === 0) this.ask(id);
    let gone = false;
    return () => {
      if (gone) return;
      gone = true;
      setTimeout(() => this.unwatch(id), 0);
    };
  };

  private unwatch(id: string): void {
    const count = (this.watched.get(id) ?? 1) - 1;
    if (count > 0) {
      this.watched.set(id, count);
      return;
    }
    this.watched.delete(id);
    this.missing.delete(id);
    this.states.delete(id);
    this.link.send("video:unsubscribe", id);
  }

  put = (video: VideoDocument): void => {
    this.touched.add(video.id);
    this.videos.put(video);
    this.notifier.changed();
  };

  forget = (id: string): void => {
    this.videos.forget(id);
    this.notifier.changed();
  };

  reload = async (): Promise<void> => {
    if (!this.started) return;
    clearTimeout(this.retry);
    this.loading?.abort();
    const mine = (this.loading = new AbortController());
    this.touched = new Set();
    if (this.library.state !== "ready") this.show({ state: "loading", error: null });
    try {
      const want = Math.max(this.pageSize, this.videos.size);
      const fetched: VideoDocument[] = [];
      const limit = want > this.pageSize ? 100 : this.pageSize;
      let next: string | null = null;
      let cursor = "";
      do {
        const page = await this.api.list(limit, next, mine.signal);
        if (mine.signal.aborted) return;
        cursor ||= page.cursor;
        next = page.nextCursor || null;
        fetched.push(...page.data);
      } while (next && fetched.length < want);
      for (const video of fetched) this.videos.put(video, cursor);
      this.videos.keepOnly(new Set(fetched.map((v) => v.id)), this.touched);
      this.next = next;
      this.failures = 0;
      this.loading = undefined;
      this.show({ state: "ready", error: null, hasMore: next !== null });
      this.settle();
    } catch (error) {
      if (!mine.signal.aborted) this.failed(error);
    }
  };

  loadMore = async (): Promise<void> => {
    if (!this.started || !this.next || this.loading) return;
    const mine = (this.loading = new AbortController());
    try {
      const page = await this.api.list(this.pageSize, this.next, mine.signal);
      if (mine.signal.aborted) return;
      this.loading = undefined;
      for (const video of page.data) this.videos.put(video, page.cursor);
      this.next = page.nextCursor || null;
      this.show({ hasMore: this.next !== null });
      this.settle();
    } catch (error) {
      if (mine.signal.aborted) return;
      this.loading = undefined;
      this.show({ error: asError(error) });
    }
  };

  private failed(cause: unknown): void {
    const error = asError(cause);
    this.loading = undefined;
    this.show({ state: this.library.state === "ready" ? "ready" : "error", error });
    if (error.status === 401 || error.status === 403) return; // waiting does not help
    const wait = reloadWaits[Math.min(this.failures++, reloadWaits.length - 1)];
    this.retry = setTimeout(() => void this.reload(), wait);
  }

  private show(change: Partial<Library>): void {
    this.library = { ...this.library, ...change };
    this.notifier.changed();
  }

  private up(recovered: boolean): void {
    if (recovered && this.library.state === "ready" && !this.loading) return;
    for (const id of this.watched.keys()) this.ask(id);
    void this.reload();
  }

  private ask(id: string): void {
    this.link.send("video:subscribe", id, (ack: SubscribeAck) => {
      if (ack.ok) {
        this.missing.delete(id);
        this.touched.add(id);
        this.videos.put(ack.video, ack.cursor);
      } else if (ack.error.code === "not_found" && this.watched.has(id)) {
        this.missing.add(id);
      }
      this.notifier.changed();
    });
  }

  private event(name: VideoEventName, payload: VideoPayload, cursor: Cursor): void {
    if (!payload || typeof payload.videoId !== "string") return;
    this.touched.add(payload.videoId);
    const effect = this.videos.event(name, payload, cursor);
    if (effect === "dropped") return;
    if (effect !== "applied") this.fetchLater(effect, name, payload, cursor);
    this.notifier.changed();
  }

  /** Notes that a document must be fetched; events that come before it arrives are applied to it. */
  private fetchLater(why: "unknown" | "stale", name: VideoEventName, payload: VideoPayload, cursor: Cursor): void {
    const id = payload.videoId;
    let entry = this.waiting.get(id);
    if (!entry) {
      if (this.waiting.size >= maxWaiting) {
        this.waiting.clear();
        void this.reload();
        return;
      }
      this.waiting.set(id, (entry = { why, events: [], fetching: false }));
    }
    entry.events.push([name, payload, cursor]);
    if (entry.events.length > maxKept) entry.events.shift();
    this.settle();
  }

  /** Starts the fetches that wait. While the list is on its way they do: it may answer them. */
  private settle(): void {
    const started = this.started;
    if (!started || this.loading) return;
    let busy = [...this.waiting.values()].filter((w) => w.fetching).length;
    for (const [id, entry] of this.waiting) {
      if (busy >= maxFetches) return;
      if (entry.fetching) continue;
      if (entry.why === "unknown" && this.videos.get(id)) {
        this.waiting.delete(id);
        for (const event of entry.events) this.event(...event);
        continue;
      }
      entry.fetching = true;
      busy++;
      void this.fetchOne(id, entry, started.signal);
    }
  }

  private async fetchOne(id: string, entry: Waiting, signal: AbortSignal): Promise<void> {
    try {
      const video = await this.api.video(id, signal);
      if (this.waiting.get(id) !== entry) return;
      this.videos.put(video);
    } catch {
      // Deleted meanwhile, or out of reach: the next event or the next list tells.
    }
    if (signal.aborted) return;
    if (this.waiting.get(id) === entry) {
      this.waiting.delete(id);
      for (const [name, payload, cursor] of entry.events) this.videos.event(name, payload, cursor);
      this.notifier.changed();
    }
    this.settle();
  }
}

function asError(cause: unknown): ReelroomError {
  if (cause instanceof ReelroomError) return cause;
  return new ReelroomError(cause instanceof Error ? cause.message : String(cause), "unknown");
}
