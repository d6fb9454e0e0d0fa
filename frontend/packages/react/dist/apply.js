/** The events that tell about one video. */
export const videoEvents = [
    "video:queued",
    "video:progress",
    "video:processed",
    "video:failed",
    "video:cancelled",
    "video:deleted",
    "video:updated",
];
/**
 * Returns the document after an event that is known to be newer. `stale` says
 * that the event does not tell everything that changed, so the document should
 * be fetched as well.
 */
export function applyEvent(held, name, payload) {
    const { status, attempt, rev, ts } = payload;
    const video = { ...held, status: status ?? held.status, attempt, rev, updatedAt: ts ?? held.updatedAt };
    let stale = false;
    switch (name) {
        case "video:queued": {
            video.title = payload.title ?? held.title;
            // The first word about a video comes before its place is known.
            const place = rev === held.rev ? held.queuePosition : null;
            const queuePosition = payload.queuePosition ?? place ?? null;
            Object.assign(video, idle, { progress: 0, error: null, code: null, finishedAt: null, queuePosition });
            stale = attempt !== held.attempt;
            break;
        }
        case "video:progress": {
            const p = payload;
            const sameAttempt = attempt === held.attempt && held.status === "processing";
            video.stage = p.stage ?? held.stage;
            video.progress = sameAttempt ? Math.max(held.progress, p.progress ?? 0) : (p.progress ?? held.progress);
            video.stageProgress = p.stageProgress ?? 0;
            video.message = p.message ?? "";
            video.etaSeconds = p.etaSeconds ?? null;
            video.queuePosition = null;
            video.etaHighSeconds = p.etaHighSeconds ?? null;
            video.retry = p.retry ?? 0;
            video.retryAt = p.retryAt ?? null;
            // What the finished stage found is in the document, not in the event.
            stale = video.stage !== held.stage && video.stage !== "metadata";
            break;
        }
        case "video:processed": {
            const p = payload;
            Object.assign(video, idle, { stage: null, progress: 100, error: null, code: null, finishedAt: ts });
            video.metadata = p.metadata ?? held.metadata;
            video.thumbnail = p.thumbnail ?? held.thumbnail;
            video.placeholder = p.placeholder ?? held.placeholder;
            video.storyboard = p.storyboard ?? held.storyboard;
            video.playback = p.playback ?? held.playback;
            video.sensitivity = p.sensitivity ?? held.sensitivity;
            video.warnings = p.warnings ?? held.warnings;
            break;
        }
        case "video:failed": {
            const p = payload;
            Object.assign(video, idle, { error: p.error, code: p.code, stage: p.stage || held.stage, finishedAt: ts });
            break;
        }
        case "video:cancelled":
            Object.assign(video, idle, { finishedAt: ts });
            break;
        case "video:updated": {
            const whole = payload.video;
            if (whole)
                return { video: keepProgress(whole, held), stale: false };
            stale = true; // published from outside, with fields of its own
            break;
        }
        case "video:deleted":
            break;
    }
    return { video, stale };
}
const idle = { stageProgress: 0, message: "", etaSeconds: null, etaHighSeconds: null, retry: 0, retryAt: null, queuePosition: null };
/** Tells whether a fetched document is older than the one that is held. */
export function olderDocument(fetched, held) {
    return fetched.attempt !== held.attempt ? fetched.attempt < held.attempt : fetched.rev < held.rev;
}
/** Takes a fetched document, but lets the bar of a running stage not fall back. */
export function keepProgress(fetched, held) {
    if (!held || fetched.status !== "processing" || held.status !== "processing")
        return fetched;
    if (fetched.attempt !== held.attempt || held.progress <= fetched.progress)
        return fetched;
    // Whether it waits for another try, the newer record knows.
    if (fetched.rev > held.rev && (fetched.retryAt || held.retryAt))
        return { ...fetched, progress: held.progress };
    const { stage, progress, stageProgress, message, etaSeconds, etaHighSeconds, retry, retryAt } = held;
    return { ...fetched, stage, progress, stageProgress, message, etaSeconds, etaHighSeconds, retry, retryAt };
}
