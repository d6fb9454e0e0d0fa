import { type Api, type ReelroomError } from "./api.js";
import type { VideoEventName, VideoPayload } from "./apply.js";
import type { Cursor, VideoDocument } from "./contract.js";
import { Query } from "./query.js";
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
export declare class View {
    readonly query: Query;
    private readonly ground;
    readonly rows: Rows;
    private status;
    private library;
    private idList;
    private next;
    private loading;
    private reloading;
    /** Something is missing in what is held, and only the list can tell it. */
    private patchy;
    /** Where the list was read, and what the one on its way must reach. */
    private listed;
    private reach;
    /** Videos that the server did not list though they seem to belong here, and the revision that it said so of. */
    private readonly unlisted;
    constructor(query: Query, ground: Ground);
    get busy(): boolean;
    /** What is held of it is all there and up to date. */
    get whole(): boolean;
    get ready(): boolean;
    /** Where its list was read, unless a newer one is on its way. */
    covers(cursor: Cursor | null): boolean;
    get: () => Library;
    getIds: () => LibraryIds;
    /** Notes how a video stands now. */
    take(id: string, video: VideoDocument | undefined): void;
    /** Tells whether an event can bring a video into sight that is not held. */
    mayEnter(name: VideoEventName, payload: VideoPayload, cursor: Cursor): boolean;
    /** Tells whether a whole document belongs into sight, or may when what is on its way has come. */
    wants(video: VideoDocument): boolean;
    /** Sees to it that what is held is as new as cursor. */
    fetchUpTo(cursor: Cursor | null): void;
    /** Something of it could not be fetched: it is to be fetched again, later. */
    spoil(cursor: Cursor | null): void;
    /** Ends what is on its way. What it was to bring is missing then. */
    stop(): void;
    /** Fetches all that was fetched before, or the first page; what is held stays in sight meanwhile. */
    reload(): Promise<void>;
    /** Fetches the next page. */
    loadMore(): Promise<void>;
    /** Moves the edge of what is in sight beyond these. */
    private extend;
    /** Lets go of what the list should have had: it is gone, or does not belong here after all. */
    private miss;
    private show;
}
