import type { Base, Logged, VideoDocument } from "./contract.js";
/** The events that tell about one video. */
export declare const videoEvents: readonly ["video:queued", "video:progress", "video:processed", "video:failed", "video:cancelled", "video:deleted", "video:updated"];
export type VideoEventName = (typeof videoEvents)[number];
export type VideoPayload = Base & Logged;
/**
 * Returns the document after an event that is known to be newer. `stale` says
 * that the event does not tell everything that changed, so the document should
 * be fetched as well.
 */
export declare function applyEvent(held: VideoDocument, name: VideoEventName, payload: VideoPayload): {
    video: VideoDocument;
    stale: boolean;
};
/** Tells whether a fetched document is older than the one that is held. */
export declare function olderDocument(fetched: VideoDocument, held: VideoDocument): boolean;
/** Takes a fetched document, but lets the bar of a running stage not fall back. */
export declare function keepProgress(fetched: VideoDocument, held: VideoDocument | undefined): VideoDocument;
