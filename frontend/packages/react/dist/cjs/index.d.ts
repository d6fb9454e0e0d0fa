export * from "./contract.js";
export { isFinal, ReelroomError, problemOf, type Token } from "./api.js";
export { createLibraryStore } from "./store.js";
export { type Answer, type Connection, type Library, type LibraryIds, type LibraryOptions, type LibraryStore, type LibraryView, type Live, type VideoState, type ViewState, } from "./types.js";
export { paramsOf, queryOf, type VideoQuery } from "./query.js";
export { ReelroomProvider, useConnection, useEvents, useLibraryStore, useVideo, useVideoCounts, useVideoDocument, useVideoIds, useVideoLibrary, useVideoProgress, type VideoProgress, } from "./hooks.js";
export { useBatchProgress, useJobProgress, useJobStatus, type JobProgress } from "./jobs.js";
