import { createContext, useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import type { Stage, Status } from "./contract.js";
import type { Connection, Library, LibraryStore, VideoState } from "./store.js";

const Context = createContext<LibraryStore | null>(null);

/** Gives a store to the hooks below it: `<ReelroomProvider value={store}>`. */
export const ReelroomProvider = Context.Provider;

/** The store of the provider above, or the given one. */
export function useLibraryStore(given?: LibraryStore): LibraryStore {
  const provided = useContext(Context);
  const store = given ?? provided;
  if (!store) throw new Error("@reelroom/react: wrap the app in <ReelroomProvider value={store}>, or pass a store to the hook.");
  return store;
}

/** The library, live: newest first. */
export function useVideoLibrary(given?: LibraryStore): Library & Pick<LibraryStore, "loadMore" | "reload"> {
  const store = useLibraryStore(given);
  const library = useSyncExternalStore(store.subscribe, store.getLibrary, store.getLibrary);
  return useMemo(() => ({ ...library, loadMore: store.loadMore, reload: store.reload }), [library, store]);
}

/** One video, live, with its own finer events while the component is there. */
export function useVideo(id: string, given?: LibraryStore): VideoState {
  const store = useLibraryStore(given);
  const read = () => store.getVideo(id);
  const state = useSyncExternalStore(store.subscribe, read, read);
  useEffect(() => store.watch(id), [store, id]);
  return state;
}

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
export function useVideoProgress(id: string, given?: LibraryStore): VideoProgress | null {
  const { video } = useVideo(id, given);
  return useMemo(() => {
    if (!video) return null;
    const { status, stage, progress, message, etaSeconds, etaHighSeconds, retryAt, error } = video;
    return { status, stage, progress, message, etaSeconds, etaHighSeconds, retryAt, error, done: status !== "queued" && status !== "processing" };
  }, [video]);
}

/** The way to the server: connected, on the way, or refused and why. */
export function useConnection(given?: LibraryStore): Connection {
  const store = useLibraryStore(given);
  return useSyncExternalStore(store.subscribe, store.getConnection, store.getConnection);
}
