"use strict";
"use client";
Object.defineProperty(exports, "__esModule", { value: true });
exports.ReelroomProvider = void 0;
exports.useLibraryStore = useLibraryStore;
exports.useVideoLibrary = useVideoLibrary;
exports.useVideoIds = useVideoIds;
exports.useVideoDocument = useVideoDocument;
exports.useVideo = useVideo;
exports.useVideoProgress = useVideoProgress;
exports.useConnection = useConnection;
exports.useVideoCounts = useVideoCounts;
exports.useEvents = useEvents;
const react_1 = require("react");
const query_js_1 = require("./query.js");
const Context = (0, react_1.createContext)(null);
/** Gives a store to the hooks below it: `<ReelroomProvider value={store}>`. */
exports.ReelroomProvider = Context.Provider;
/** The store of the provider above, or the given one. */
function useLibraryStore(given) {
    const provided = (0, react_1.useContext)(Context);
    const store = given ?? provided;
    if (!store)
        throw new Error("@reelroom/react: wrap the app in <ReelroomProvider value={store}>, or pass a store to the hook.");
    return store;
}
function useView(query, given) {
    const store = useLibraryStore(given);
    // A query that is written down in the component is another object each time.
    const { name } = new query_js_1.Query(query);
    return (0, react_1.useMemo)(() => store.view((0, query_js_1.queryOf)(new URLSearchParams(name))), [store, name]);
}
/** The videos of a query, live; without one the whole library, newest first. */
function useVideoLibrary(query, given) {
    const view = useView(query, given);
    const library = (0, react_1.useSyncExternalStore)(view.subscribe, view.get, view.get);
    return (0, react_1.useMemo)(() => ({ ...library, loadMore: view.loadMore, reload: view.reload }), [library, view]);
}
/** The same with ids alone, for long lists: it renders again when the order changes, and useVideoDocument when a video does. */
function useVideoIds(query, given) {
    const view = useView(query, given);
    const list = (0, react_1.useSyncExternalStore)(view.subscribe, view.getIds, view.getIds);
    return (0, react_1.useMemo)(() => ({ ...list, loadMore: view.loadMore, reload: view.reload }), [list, view]);
}
function useVideoState(id, store) {
    const subscribe = (0, react_1.useCallback)((listener) => store.subscribeVideo(id, listener), [store, id]);
    const read = () => store.getVideo(id);
    return (0, react_1.useSyncExternalStore)(subscribe, read, read);
}
/** One video of a list as it is known, or null; it asks the server for nothing. */
function useVideoDocument(id, given) {
    return useVideoState(id, useLibraryStore(given)).video;
}
/** One video, live, with its own finer events while the component is there. Of the id "" nothing is asked. */
function useVideo(id, given) {
    const store = useLibraryStore(given);
    const state = useVideoState(id, store);
    (0, react_1.useEffect)(() => (id ? store.watch(id) : undefined), [store, id]);
    return state;
}
/** How far a video's processing is. */
function useVideoProgress(id, given) {
    const { video } = useVideo(id, given);
    return (0, react_1.useMemo)(() => {
        if (!video)
            return null;
        const { status, stage, progress, message, etaSeconds, etaHighSeconds, retryAt, error } = video;
        return { status, stage, progress, message, etaSeconds, etaHighSeconds, retryAt, error, done: status !== "queued" && status !== "processing" };
    }, [video]);
}
/** The way to the server: connected, on the way, or refused and why. */
function useConnection(given) {
    const store = useLibraryStore(given);
    return (0, react_1.useSyncExternalStore)(store.subscribeConnection, store.getConnection, store.getConnection);
}
/** How many videos stand where: asked for once, and again when an event changes it. */
function useVideoCounts(given) {
    const store = useLibraryStore(given);
    const live = (0, react_1.useMemo)(() => store.counts(), [store]);
    return (0, react_1.useSyncExternalStore)(live.subscribe, live.get, live.get);
}
/** Calls the listener with every event of a name while the component is there; the newest listener, so it need not be stable. */
function useEvents(name, listener, given) {
    const store = useLibraryStore(given);
    const newest = (0, react_1.useRef)(listener);
    (0, react_1.useEffect)(() => {
        newest.current = listener;
    });
    (0, react_1.useEffect)(() => {
        const heard = (...args) => newest.current(...args);
        return store.on(name, heard);
    }, [store, name]);
}
