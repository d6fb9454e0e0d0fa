export * from "./contract.js";
export { ReelroomError, problemOf, type Token } from "./api.js";
export { createLibraryStore, type Connection, type Library, type LibraryOptions, type LibraryStore, type VideoState } from "./store.js";
export { ReelroomProvider, useConnection, useLibraryStore, useVideo, useVideoLibrary, useVideoProgress, type VideoProgress } from "./hooks.js";
