export * from "./contract.js";
export { isFinal, ReelroomError, problemOf } from "./api.js";
export { createLibraryStore } from "./store.js";
export {} from "./types.js";
export { paramsOf, queryOf } from "./query.js";
export { ReelroomProvider, useConnection, useEvents, useLibraryStore, useVideo, useVideoCounts, useVideoDocument, useVideoIds, useVideoLibrary, useVideoProgress, } from "./hooks.js";
export { useBatchProgress, useJobProgress, useJobStatus } from "./jobs.js";
