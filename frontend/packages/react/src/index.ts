export * from "./contract.js";
export { ReelroomError, problemOf, type Token } from "./api.js";
export {
  createLibraryStore,
  type Connection,
  type Library,
  type LibraryIds,
  type LibraryOptions,
  type LibraryStore,
  type LibraryView,
  type VideoState,
  type ViewState,
} from "./store.js";
export { paramsOf, queryOf, sorts, type VideoQuery, type VideoSort } from "./query.js";
export {
  ReelroomProvider,
  useConnection,
  useEvents,
  useLibraryStore,
  useVideo,
  useVideoDocument,
  useVideoIds,
  useVideoLibrary,
  useVideoProgress,
  type VideoProgress,
} from "./hooks.js";
