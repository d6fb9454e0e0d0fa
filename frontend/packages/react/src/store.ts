import { Api, asError, type ReelroomError, type Token } from "./api.js";
import type { VideoEventName, VideoPayload } from "./apply.js";
import type { Cursor, SubscribeAck, VideoDocument } from "./contract.js";
import { Fetches } from "./fetches.js";
import { Link, type AnySocket, type Connection, type From } from "./link.js";
import { Notifier } from "./notify.js";
import { covers } from "./order.js";
import { Videos } from "./videos.js";
import { Watching } from "./watching.js";

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
  /**
   * The place of the last event: an app's own socket that passes it as auth.after
   * is given everything that came later. Null until the server has told one.
   */
  getCursor(): Cursor | null;
  /** Takes a document from another answer, for instance of an upload. */
  put(video: VideoDocument): void;
  /** Takes a video away at once, for instance after the server confirmed its deletion. */
  forget(id: string): void;
}

/** Waits before a failed list is fetched again, in ms. */
const reloadWaits = [1_000, 2_000, 5_000, 10_000, 30_000];
/** How long after a connect the server may take to tell whether it has given all that was missed, in ms. */
const readyWait = 10_000;
/** Answers of getVideo that are kept, so that the same state is the same object. */
const maxStates = 2000;

export function createLibraryStore(options: LibraryOptions = {}): LibraryStore {
  return new Store(options);
}

class Store implements LibraryStore {
  private readonly pageSize: number;
  private readonly api: Api;
  private readonly link: Link;
  private readonly videos = new Videos();
  private readonly notifier = new Notifier();
  private readonly watching: Watching;
  private readonly missing = new Set<string>();
  private readonly fetches: Fetches;
  private readonly states = new Map<string, VideoState>();

  private library: Library = { state: "idle", error: null, videos: [], hasMore: false };
  private connection: Connection = { state: "idle", error: null };
  private started: AbortController | undefined;
  private next: string | null = null;
  private loading: AbortController | undefined;
  /** Where the ids stand in the log that were heard of since the list was asked for; "" when that is not known. */
  private touched = new Map<string, Cursor>();
  private failures = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;

  /** Whether the list is being fetched, as against its next page. */
  private reloading = false;
  /** Something is missing in what is held, and only the list can tell it. */
  private patchy = true;
  /** Where the list was read, and what the one on its way must reach. */
  private listed: Cursor | null = null;
  private reach: Cursor | null = null;
  /** Runs while the server has yet to tell whether everything that was missed has come. */
  private unsure: ReturnType<typeof setTimeout> | undefined;

  constructor({ url = "", socket, token, pageSize = 50, fetch: fetcher = (...args) => fetch(...args) }: LibraryOptions) {
    this.pageSize = Math.min(Math.max(pageSize, 1), 100);
    this.api = new Api(url, token, fetcher);
    this.link = new Link(socket, url, token, {
      connection: (next) => {
        this.connection = next;
        this.notifier.changed();
      },
      up: (from) => this.up(from),
      event: (name, payload, cursor) => this.event(name, payload, cursor),
      ready: (missed, cursor) => {
        if (this.sure() && missed) this.fetchUpTo(cursor);
      },
      reset: (cursor) => {
        this.sure();
        this.fetchUpTo(cursor);
      },
    });
    this.watching = new Watching(this.link, (id, ack) => this.answered(id, ack));
    this.fetches = new Fetches(this.api, this.videos, {
      listed: (cursor) => this.listedBefore(cursor),
      event: (...heard) => this.event(...heard),
      changed: () => this.notifier.changed(),
      tooMany: (cursor) => this.fetchUpTo(cursor),
      failed: (problem) => this.again(problem),
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
    const unsure = this.sure();
    if (unsure || this.reloading || !this.fetches.idle || !this.link.resumes) this.patchy = true;
    this.started?.abort();
    this.started = undefined;
    this.loading?.abort();
    this.loading = undefined;
    this.reloading = false;
    this.calm();
    this.fetches.clear();
    this.watching.stop();
    this.link.stop();
  }

  getLibrary = (): Library => {
    const videos = this.videos.list();
    if (videos !== this.library.videos) this.library = { ...this.library, videos };
    return this.library;
  };

  getConnection = (): Connection => this.connection;

  getCursor = (): Cursor | null => this.link.cursor;

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
    this.watching.add(id);
    let gone = false;
    return () => {
      if (gone) return;
      gone = true;
      setTimeout(() => {
        if (!this.watching.remove(id)) return;
        this.missing.delete(id);
        this.states.delete(id);
      }, 0);
    };
  };

  put = (video: VideoDocument): void => {
    this.touched.set(video.id, "");
    this.videos.put(video);
    this.notifier.changed();
  };

  forget = (id: string): void => {
    this.videos.forget(id);
    this.notifier.changed();
  };

  reload = async (): Promise<void> => {
    if (!this.started) return;
    this.calm();
    this.sure();
    this.loading?.abort();
    const mine = (this.loading = new AbortController());
    this.reloading = true;
    this.patchy = false;
    this.reach = null;
    this.touched = new Map();
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
      const keep = new Set(fetched.map((v) => v.id));
      for (const video of fetched) this.videos.put(video, cursor);
      // What was heard of later than the list was read need not be in it.
      for (const [id, at] of this.touched) if (!covers(cursor, at)) keep.add(id);
      for (const id of this.watching.ids()) {
        if (!keep.has(id)) this.watching.ask(id); // its own answer tells
        keep.add(id);
      }
      this.videos.keepOnly(keep);
      this.next = next;
      this.listed = cursor;
      this.failures = 0;
      this.loading = undefined;
      this.reloading = false;
      this.show({ state: "ready", error: null, hasMore: next !== null });
      if (this.reach !== null && !covers(cursor, this.reach)) void this.reload();
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
    this.reloading = false;
    this.show({ state: this.library.state === "ready" ? "ready" : "error", error });
    this.again(error);
  }

  /** Fetches the list later, as something could not be fetched now. */
  private again(error: ReelroomError): void {
    if (this.reloading) {
      this.reach = this.link.cursor ?? "";
      return;
    }
    this.patchy = true;
    if (error.status === 401 || error.status === 403) return; // waiting does not help
    if (this.retry !== undefined) return;
    const wait = reloadWaits[Math.min(this.failures++, reloadWaits.length - 1)];
    this.retry = setTimeout(() => void this.reload(), wait);
  }

  private calm(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
  }

  private show(change: Partial<Library>): void {
    this.library = { ...this.library, ...change };
    this.notifier.changed();
  }

  private up(from: From): void {
    if (from !== "resumed") this.watching.forget();
    // The session before had not told yet, and the resumed one goes on from it.
    const missed = this.sure() && from === "resumed";
    const whole = this.library.state === "ready" && !this.reloading && !this.patchy && !missed;
    if (!whole || from === "nothing") void this.reload();
    else if (from === "unknown") this.unsure = setTimeout(() => void this.reload(), readyWait);
    this.watching.mend();
  }

  /** Ends the waiting for the server's word; true when there was one. */
  private sure(): boolean {
    if (this.unsure === undefined) return false;
    clearTimeout(this.unsure);
    this.unsure = undefined;
    return true;
  }

  /** Sees to it that what is held is as new as cursor. */
  private fetchUpTo(cursor: Cursor | null): void {
    if (this.reloading) this.reach = cursor ?? "";
    else if (this.patchy || !covers(this.listed, cursor)) void this.reload();
  }

  private answered(id: string, ack: SubscribeAck): void {
    if (ack.ok) {
      this.missing.delete(id);
      this.touched.set(id, "");
      this.videos.put(ack.video, ack.cursor);
    } else if (ack.error.code === "not_found" && this.watching.has(id)) {
      this.missing.add(id);
      this.videos.drop(id);
    }
    this.notifier.changed();
  }

  private event(name: VideoEventName, payload: VideoPayload, cursor: Cursor): void {
    if (!payload || typeof payload.videoId !== "string") return;
    const id = payload.videoId;
    const effect = this.videos.event(name, payload, cursor);
    if (effect === "dropped" || (effect === "unknown" && this.listedBefore(cursor))) return;
    if (effect !== "unknown") this.touched.set(id, cursor);
    if (name === "video:deleted") this.fetches.forget(id);
    else if (effect !== "applied") this.fetches.add(effect, name, payload, cursor);
    this.settle();
    this.notifier.changed();
  }

  /** Tells whether the list was read after an event: then a video that is not held is on a page that was not fetched. */
  private listedBefore(cursor: Cursor): boolean {
    return !this.reloading && covers(this.listed, cursor);
  }

  /** Starts the fetches that wait. While the list is on its way they do: it may answer them. */
  private settle(): void {
    if (this.started && !this.loading) this.fetches.settle(this.started.signal);
  }
}
