import type { ReelroomError, Token } from "./api.js";
import type { BatchState, Cursor, EventName, ServerToClientEvents, VideoCounts, VideoDocument } from "./contract.js";
import type { AnySocket, Connection } from "./link.js";
import type { Answer } from "./look.js";
import type { VideoQuery } from "./query.js";
import type { Library, LibraryIds } from "./view.js";
export type { Connection } from "./link.js";
export type { Answer } from "./look.js";
export type { Library, LibraryIds, ViewState } from "./view.js";
export interface LibraryOptions {
    /** The server's address; the page's own when left out. */
    url?: string;
    /** The app's own socket. The store puts its listeners on it, and never connects or closes it. */
    socket?: AnySocket;
    /** For HTTP, and for the store's own socket. A function is asked at every use. */
    token?: Token;
    /** How many videos a page of a list has, 1 to 100. */
    pageSize?: number;
    fetch?: typeof fetch;
}
/** One video as it stands. */
export interface VideoState {
    /** "missing": the server has none by this id, for this user. "error": it refused to tell. */
    state: "loading" | "ready" | "missing" | "error";
    video: VideoDocument | null;
    /** Of one that is missing: it was deleted while the store knew it. */
    deleted: boolean;
    /** Why the server did not tell; null but for "error". */
    error: ReelroomError | null;
}
/** The videos of one query, live. It works while somebody subscribes; a little later it is let go of. */
export interface LibraryView {
    /** Hears of changes of this view, at most once a frame. */
    subscribe(listener: () => void): () => void;
    get(): Library;
    getIds(): LibraryIds;
    /** Fetches the list again; what is held stays in sight meanwhile. */
    reload(): Promise<void>;
    /** Fetches the next page. */
    loadMore(): Promise<void>;
}
/** An answer of the server that is kept true: it is asked for again when an event may have changed it. */
export interface Live<T> {
    subscribe(listener: () => void): () => void;
    get(): Answer<T>;
}
/** A live library: lists once, then their events. It works while somebody subscribes, to any part of it: the first one connects, the last one to leave disconnects. */
export interface LibraryStore {
    /** Hears of every change, at most once a frame, and holds the library that has no query. */
    subscribe(listener: () => void): () => void;
    /** The videos of a query; views of one query are one. */
    view(query?: VideoQuery): LibraryView;
    /** Hears of changes of one video. */
    subscribeVideo(id: string, listener: () => void): () => void;
    subscribeConnection(listener: () => void): () => void;
    /** Hears every event of a name, each once, as it comes. */
    on<Name extends EventName>(name: Name, listener: ServerToClientEvents[Name]): () => void;
    /** What view().get() tells, and the next two do. */
    getLibrary(): Library;
    reload(): Promise<void>;
    loadMore(): Promise<void>;
    /** How a batch stands. */
    batch(id: string): Live<BatchState>;
    /** How many videos stand where. */
    counts(): Live<VideoCounts>;
    getConnection(): Connection;
    getVideo(id: string): VideoState;
    /** Asks for a video's own, finer events, until the returned function is called. */
    watch(id: string): () => void;
    /**
     * The place of the last event: an app's own socket that passes it as auth.after
     * is given everything that came later. Null until the server has told one.
     */
    getCursor(): Cursor | null;
    /** Takes a document from another answer, for instance of an upload. */
    put(video: VideoDocument): void;
    /** Takes a video away at once, for instance after the server confirmed its deletion. */
    forget(id: string): void;
    /** Takes a video out of sight, for instance while its deletion can be undone; the returned function brings it back. */
    hide(id: string): () => void;
    /** Shows another title before the server has taken it; the returned function takes that back. */
    rename(id: string, title: string): () => void;
}
