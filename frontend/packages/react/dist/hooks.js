"use client";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import { Query, queryOf } from "./query.js";
const Context = createContext(null);
/** Gives a store to the hooks below it: `<ReelroomProvider value={store}>`. */
export const ReelroomProvider = Context.Provider;
/** The store of the provider above, or the given one. */
export function useLibraryStore(given) {
    const provided = useContext(Context);
    const store = given ?? provided;
    if (!store)
        throw new Error("@reelroom/react: wrap the app in <ReelroomProvider value={store}>, or pass a store to the hook.");
    return store;
}
function useView(query, given) {
    const store = useLibraryStore(given);
    // A query that is written down in the component is another object each time.
    const { name } = new Query(query);
    return useMemo(() => store.view(queryOf(new URLSearchParams(name))), [store, name]);
}
/** The videos of a query, live; without one the whole library, newest first. */
export function useVideoLibrary(query, given) {
    const view = useView(query, given);
    const library = useSyncExternalStore(view.subscribe, view.get, view.get);
    return useMemo(() => ({ ...library, loadMore: view.loadMore, reload: view.reload }), [library, view]);
}
/** The same with ids alone, for long lists: it renders again when the order changes, and useVideoDocument when a video does. */
export function useVideoIds(query, given) {
    const view = useView(query, given);
    const list = useSyncExternalStore(view.subscribe, view.getIds, view.getIds);
    return useMemo(() => ({ ...list, loadMore: view.loadMore, reload: view.reload }), [list, view]);
}
function useVideoState(id, store) {
    const subscribe = useCallback((listener) => store.subscribeVideo(id, listener), [store, id]);
    const read = () => store.getVideo(id);
    return useSyncExternalStore(subscribe, read, read);
}
/** One video of a list as it is known, or null; it asks the server for nothing. */
export function useVideoDocument(id, given) {
    return useVideoState(id, useLibraryStore(given)).video;
}
/** One video, live, with its own finer events while the component is there. Of the id "" nothing is asked. */
export function useVideo(id, given) {
    const store = useLibraryStore(given);
    const state = useVideoState(id, store);
    useEffect(() => (id ? store.watch(id) : undefined), [store, id]);
    return state;
}
/** How far a video's processing is. */
export function useVideoProgress(id, given) {
    const { video } = useVideo(id, given);
    return useMemo(() => {
        if (!video)
            return null;
        const { status, stage, progress, message, etaSeconds, etaHighSeconds, retryAt, error } = video;
        return { status, stage, progress, message, etaSeconds, etaHighSeconds, retryAt, error, done: status !== "queued" && status !== "processing" };
    }, [video]);
}
/** The way to the server: connected, on the way, or refused and why. */
export function useConnection(given) {
    const store = useLibraryStore(given);
    return useSyncExternalStore(store.subscribeConnection, store.getConnection, store.getConnection);
}
/** How many videos stand where: asked for once, and again when an event changes it. */
export function useVideoCounts(given) {
    const store = useLibraryStore(given);
    const live = useMemo(() => store.counts(), [store]);
    return useSyncExternalStore(live.subscribe, live.get, live.get);
}
/** Calls the listener with every event of a name while the component is there; the newest listener, so it need not be stable. */
export function useEvents(name, listener, given) {
    const store = useLibraryStore(given);
    const newest = useRef(listener);
    useEffect(() => {
        newest.current = listener;
    });
    useEffect(() => {
        const heard = (...args) => newest.current(...args);
        return store.on(name, heard);
    }, [store, name]);
}
