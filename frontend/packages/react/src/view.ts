import { asError, type Api, type ReelroomError } from "./api.js";
import type { VideoEventName, VideoPayload } from "./apply.js";
import type { Cursor, VideoDocument } from "./contract.js";
import { covers } from "./order.js";
import { type Key, Query } from "./query.js";
import { Rows } from "./rows.js";
import type { Videos } from "./videos.js";

/** What a view tells of itself beside its videos. */
export interface ViewState {
  /** loading and error speak of the first page; ready stays while it is fetched again. */
  state: "idle" | "loading" | "ready" | "error";
  error: ReelroomError | null;
  /** There are more than were fetched. */
  hasMore: boolean;
  /** The next page is on its way. */
  loadingMore: boolean;
}

/** The videos of a query as they stand. The same object until something changes. */
export interface Library extends ViewState {
  /** In the query's order, up to the last place that was fetched. While state is not ready: those that happen to be known. */
  videos: readonly VideoDocument[];
}

/** The same with ids alone: another object only when the order changes, or what is in it. */
export interface LibraryIds extends ViewState {
  ids: readonly string[];
}

/** What a view needs of the store that it belongs to. */
export interface Ground {
  readonly api: Api;
  readonly videos: Videos;
  readonly pageSize: number;
  /** Whether the server can be asked: there is a connection, so that nothing happens unheard. */
  readonly open: boolean;
  /** A view has something else to show. */
  changed(view: View): void;
  /** A view is done with fetching, for now. */
  settled(view: View): void;
  /** The list could not be had. */
  failed(problem: ReelroomError): void;
  /** A video that should be in a list is not: asks for it itself if it is watched, and says so. */
  ask(id: string): boolean;
}

/** One query's part of the library: its order, how far it was fetched, and what is being fetched. */
export class View {
  readonly rows: Rows;
  private status: ViewState = { state: "idle", error: null, hasMore: false, loadingMore: false };
  private library: Library | undefined;
  private idList: LibraryIds | undefined;

  private next: string | null = null;
  private loading: AbortController | undefined;
  private reloading = false;
  /** Something is missing in what is held, and only the list can tell it. */
  private patchy = true;
  /** Where the list was read, and what the one on its way must reach. */
  private listed: Cursor | null = null;
  private reach: Cursor | null = null;
  /** Videos that the server did not list though they seem to belong here, and the revision that it said so of. */
  private readonly unlisted = new Map<string, number>();

  constructor(
    readonly query: Query,
    private readonly ground: Ground,
  ) {
    this.rows = new Rows(query);
    this.rows.fill([...ground.videos.allShown()].filter((video) => query.matches(video)));
  }

  get busy(): boolean {
    return this.loading !== undefined;
  }

  /** What is held of it is all there and up to date. */
  get whole(): boolean {
    return this.status.state === "ready" && !this.reloading && !this.patchy;
  }

  get ready(): boolean {
    return this.status.state === "ready";
  }

  /** Where its list was read, unless a newer one is on its way. */
  covers(cursor: Cursor | null): boolean {
    return !this.reloading && !this.patchy && covers(this.listed, cursor);
  }

  get = (): Library => (this.library ??= { ...this.status, videos: this.rows.videos() });

  getIds = (): LibraryIds => (this.idList ??= { ...this.status, ids: this.rows.videos().map(({ id }) => id) });

  /** Notes how a video stands now. */
  take(id: string, video: VideoDocument | undefined): void {
    const belongs = video && this.query.matches(video) && this.unlisted.get(id) !== video.rev;
    const moved = this.rows.take(id, belongs ? video : undefined);
    if (moved === "same") return;
    this.library = undefined;
    if (moved === "order") this.idList = undefined;
    this.ground.changed(this);
  }

  /** Tells whether an event can bring a video into sight that is not held. */
  mayEnter(name: VideoEventName, payload: VideoPayload, cursor: Cursor): boolean {
    if (this.covers(cursor) || (this.patchy && !this.busy)) return false; // the list knew of it, or will
    const all = this.loading !== undefined || this.status.state !== "ready" || this.rows.edge === null;
    if (all && this.query.all) return true;
    return this.query.mayEnter(name, payload, (key: Key) => all || this.rows.inSight({ key, id: payload.videoId }));
  }

  /** Tells whether a whole document belongs into sight, or may when what is on its way has come. */
  wants(video: VideoDocument): boolean {
    if ((this.patchy && !this.busy) || !this.query.matches(video)) return false;
    return this.busy || this.rows.inSight(this.query.at(video));
  }

  /** Sees to it that what is held is as new as cursor. */
  fetchUpTo(cursor: Cursor | null): void {
    if (this.reloading) this.reach = cursor ?? "";
    else if (this.patchy || !covers(this.listed, cursor)) void this.reload();
  }

  /** Something of it could not be fetched: it is to be fetched again, later. */
  spoil(cursor: Cursor | null): void {
    if (this.reloading) this.reach = cursor ?? "";
    else this.patchy = true;
  }

  /** Ends what is on its way. What it was to bring is missing then. */
  stop(): void {
    if (this.reloading) this.patchy = true;
    this.loading?.abort();
    this.loading = undefined;
    this.reloading = false;
    if (this.status.loadingMore) this.show({ loadingMore: false });
  }

  /** Fetches all that was fetched before, or the first page; what is held stays in sight meanwhile. */
  async reload(): Promise<void> {
    if (!this.ground.open) {
      this.patchy = true;
      return;
    }
    this.stop();
    const mine = (this.loading = new AbortController());
    this.reloading = true;
    this.patchy = false;
    this.reach = null;
    const begun = this.ground.videos.now;
    if (!this.ready) this.show({ state: "loading", error: null });
    try {
      const { pageSize, api, videos } = this.ground;
      const want = Math.max(pageSize, this.ready ? this.rows.count : 0);
      const fetched: VideoDocument[] = [];
      let next: string | null = null;
      let cursor = "";
      do {
        const page = await api.list(this.query.params(), want > pageSize ? 100 : pageSize, next, mine.signal);
        if (mine.signal.aborted) return;
        cursor ||= page.cursor;
        next = page.nextCursor || null;
        for (const video of page.data) fetched.push(video);
      } while (next && fetched.length < want);
      this.unlisted.clear();
      for (const video of fetched) videos.put(video, cursor);
      this.rows.edge = null;
      this.extend(fetched, next);
      this.listed = cursor;
      this.loading = undefined;
      this.reloading = false;
      this.show({ state: "ready", error: null, hasMore: next !== null });
      this.miss(new Set(fetched.map(({ id }) => id)), begun, cursor);
      if (this.reach !== null && !covers(cursor, this.reach)) void this.reload();
      this.ground.settled(this);
    } catch (cause) {
      if (mine.signal.aborted) return;
      const error = asError(cause);
      this.loading = undefined;
      this.reloading = false;
      this.patchy = true;
      this.show({ state: this.ready ? "ready" : "error", error });
      this.ground.failed(error);
    }
  }

  /** Fetches the next page. */
  async loadMore(): Promise<void> {
    if (!this.ground.open || !this.next || this.loading) return;
    const mine = (this.loading = new AbortController());
    this.show({ loadingMore: true, error: null });
    try {
      const page = await this.ground.api.list(this.query.params(), this.ground.pageSize, this.next, mine.signal);
      if (mine.signal.aborted) return;
      for (const video of page.data) this.ground.videos.put(video, page.cursor);
      this.loading = undefined;
      this.extend(page.data, page.nextCursor || null);
      this.show({ hasMore: this.next !== null, loadingMore: false });
      this.ground.settled(this);
    } catch (cause) {
      if (mine.signal.aborted) return;
      const error = asError(cause);
      this.loading = undefined;
      this.show({ error, loadingMore: false });
      // The place that was kept is none any more: all is to be fetched anew.
      if (error.status === 400) void this.reload();
      this.ground.settled(this);
    }
  }

  /** Moves the edge of what is in sight beyond these. */
  private extend(fetched: VideoDocument[], next: string | null): void {
    this.next = next;
    let { edge } = this.rows;
    for (const video of fetched) {
      const at = this.query.at(video);
      if (!edge || this.query.compare(at, edge) > 0) edge = at;
    }
    this.rows.edge = next === null ? null : edge;
    this.library = this.idList = undefined;
  }

  /** Lets go of what the list should have had: it is gone, or does not belong here after all. */
  private miss(listed: ReadonlySet<string>, begun: number, cursor: Cursor): void {
    const { videos } = this.ground;
    for (const { id, rev } of this.rows.videos()) {
      // What was heard of later than the list was read need not be in it.
      if (listed.has(id) || videos.heardSince(id, begun, cursor)) continue;
      if (!this.query.all) {
        this.unlisted.set(id, rev);
        this.take(id, undefined);
      } else if (!this.ground.ask(id)) videos.drop(id);
    }
  }

  private show(change: Partial<ViewState>): void {
    this.status = { ...this.status, ...change };
    this.library = this.idList = undefined;
    this.ground.changed(this);
  }
}
