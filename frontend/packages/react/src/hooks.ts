"use client";

import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { EventName, ServerToClientEvents, Stage, Status, VideoCounts, VideoDocument } from "./contract.js";
import { Query, queryOf, type VideoQuery } from "./query.js";
import type { Answer, Connection, Library, LibraryIds, LibraryStore, LibraryView, VideoState } from "./types.js";

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

function useView(query: VideoQuery | undefined, given: LibraryStore | undefined): LibraryView {
  const store = useLibraryStore(given);
  // A query that is written down in the component is another object each time.
  const { name } = new Query(query);
  return useMemo(() => store.view(queryOf(new URLSearchParams(name))), [store, name]);
}

/** The videos of a query, live; without one the whole library, newest first. */
export function useVideoLibrary(query?: VideoQuery, given?: LibraryStore): Library & Pick<LibraryView, "loadMore" | "reload"> {
  const view = useView(query, given);
  const library = useSyncExternalStore(view.subscribe, view.get, view.get);
  return useMemo(() => ({ ...library, loadMore: view.loadMore, reload: view.reload }), [library, view]);
}

/** The same with ids alone, for long lists: it renders again when the order changes, and useVideoDocument when a video does. */
export function useVideoIds(query?: VideoQuery, given?: LibraryStore): LibraryIds & Pick<LibraryView, "loadMore" | "reload"> {
  const view = useView(query, given);
  const list = useSyncExternalStore(view.subscribe, view.getIds, view.getIds);
  return useMemo(() => ({ ...list, loadMore: view.loadMore, reload: view.reload }), [list, view]);
}

function useVideoState(id: string, store: LibraryStore): VideoState {
  const subscribe = useCallback((listener: () => void) => store.subscribeVideo(id, listener), [store, id]);
  const read = () => store.getVideo(id);
  return useSyncExternalStore(subscribe, read, read);
}

/** One video of a list as it is known, or null; it asks the server for nothing. */
export function useVideoDocument(id: string, given?: LibraryStore): VideoDocument | null {
  return useVideoState(id, useLibraryStore(given)).video;
}

/** One video, live, with its own finer events while the component is there. Of the id "" nothing is asked. */
export function useVideo(id: string, given?: LibraryStore): VideoState {
  const store = useLibraryStore(given);
  const state = useVideoState(id, store);
  useEffect(() => (id ? store.watch(id) : undefined), [store, id]);
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
  return useSyncExternalStore(store.subscribeConnection, store.getConnection, store.getConnection);
}

/** How many videos stand where: asked for once, and again when an event changes it. */
export function useVideoCounts(given?: LibraryStore): Answer<VideoCounts> {
  const store = useLibraryStore(given);
  const live = useMemo(() => store.counts(), [store]);
  return useSyncExternalStore(live.subscribe, live.get, live.get);
}

/** Calls the listener with every event of a name while the component is there; the newest listener, so it need not be stable. */
export function useEvents<Name extends EventName>(name: Name, listener: ServerToClientEvents[Name], given?: LibraryStore): void {
  const store = useLibraryStore(given);
  const newest = useRef(listener);
  useEffect(() => {
    newest.current = listener;
  });
  useEffect(() => {
    const heard = (...args: never[]) => (newest.current as (...args: never[]) => void)(...args);
    return store.on(name, heard as ServerToClientEvents[Name]);
  }, [store, name]);
}
