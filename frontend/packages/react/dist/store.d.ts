import type { LibraryOptions, LibraryStore } from "./types.js";
export declare function createLibraryStore(options?: LibraryOptions): LibraryStore;
