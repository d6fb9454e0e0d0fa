import type { EventName, ServerToClientEvents, Stage, Status, VideoCounts, VideoDocument } from "./contract.js";
import { type VideoQuery } from "./query.js";
import type { Answer, Connection, Library, LibraryIds, LibraryStore, LibraryView, VideoState } from "./types.js";
/** Gives a store to the hooks below it: `<ReelroomProvider value={store}>`. */
export declare const ReelroomProvider: import("react").Provider<LibraryStore | null>;
/** The store of the provider above, or the given one. */
export declare function useLibraryStore(given?: LibraryStore): LibraryStore;
/** The videos of a query, live; without one the whole library, newest first. */
export declare function useVideoLibrary(query?: VideoQuery, given?: LibraryStore): Library & Pick<LibraryView, "loadMore" | "reload">;
/** The same with ids alone, for long lists: it renders again when the order changes, and useVideoDocument when a video does. */
export declare function useVideoIds(query?: VideoQuery, given?: LibraryStore): LibraryIds & Pick<LibraryView, "loadMore" | "reload">;
/** One video of a list as it is known, or null; it asks the server for nothing. */
export declare function useVideoDocument(id: string, given?: LibraryStore): VideoDocument | null;
/** One video, live, with its own finer events while the component is there. Of the id "" nothing is asked. */
export declare function useVideo(id: string, given?: LibraryStore): VideoState;
/** What a progress bar needs; null until the video is known. */
export interface VideoProgress {
    status: Status;
    stage: Stage | null;
    /** Overall, 0 to 100. */
    progress: number;
    message: string;
    /** Seconds until the outcome: half of all videos are done within etaSeconds, nine in ten within etaHighSeconds. */
    etaSeconds: number | null;
    etaHighSeconds: number | null;
    /** When a stage that met trouble begins again; null while it runs. */
    retryAt: string | null;
    /** Whether the work has ended, one way or another. */
    done: boolean;
    error: string | null;
}
/** How far a video's processing is. */
export declare function useVideoProgress(id: string, given?: LibraryStore): VideoProgress | null;
/** The way to the server: connected, on the way, or refused and why. */
export declare function useConnection(given?: LibraryStore): Connection;
/** How many videos stand where: asked for once, and again when an event changes it. */
export declare function useVideoCounts(given?: LibraryStore): Answer<VideoCounts>;
/** Calls the listener with every event of a name while the component is there; the newest listener, so it need not be stable. */
export declare function useEvents<Name extends EventName>(name: Name, listener: ServerToClientEvents[Name], given?: LibraryStore): void;
