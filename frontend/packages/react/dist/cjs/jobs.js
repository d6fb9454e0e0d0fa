"use strict";
"use client";
Object.defineProperty(exports, "__esModule", { value: true });
exports.useJobProgress = useJobProgress;
exports.useJobStatus = useJobStatus;
exports.useBatchProgress = useBatchProgress;
const react_1 = require("react");
const hooks_js_1 = require("./hooks.js");
/** How far a job is; null until that is known, and for one that there is not. */
function useJobProgress(jobId, given) {
    const video = useJob(jobId, given);
    return (0, react_1.useMemo)(() => {
        if (!video)
            return null;
        const { id, status, stage, progress, message, error, code } = video;
        return {
            jobId: id, status, stage, pct: progress, message, done: status !== "queued" && status !== "processing",
            result: status === "completed" ? video : null,
            error: status === "cancelled" ? "The job was cancelled." : error,
            code: status === "cancelled" ? "cancelled" : code,
        };
    }, [video]);
}
const jobStatusOf = {
    queued: "pending", processing: "processing", completed: "complete", failed: "failed", cancelled: "cancelled", deleted: "cancelled",
};
/** A job just as GET /api/jobs/{id} answers it; null until it is known, and for one that there is not. */
function useJobStatus(jobId, given) {
    const video = useJob(jobId, given);
    return (0, react_1.useMemo)(() => {
        if (!video)
            return null;
        const { id, title, status, progress, stage, stageProgress, message, etaSeconds, etaHighSeconds, retry, retryAt, queuePosition, attempt, rev, error, code } = video;
        const { metadata, thumbnail, placeholder, storyboard, sensitivity, warnings, playback } = video;
        const job = {
            jobId: id, title, status: jobStatusOf[status], progress, stage, stageProgress, message, etaSeconds, etaHighSeconds, retry, retryAt, queuePosition, attempt, rev,
        };
        if (status === "completed")
            job.result = { metadata, thumbnail, placeholder, storyboard, sensitivity, warnings, playback };
        if (error !== null)
            job.error = error;
        if (code !== null)
            job.code = code;
        return job;
    }, [video]);
}
function useJob(jobId, given) {
    return (0, hooks_js_1.useVideo)(jobId ?? "", given).video;
}
/**
 * How a batch stands, just as GET /batch/{id}/status answers it; null until it
 * is known, and for one that there is not. It is asked for once, and again when
 * an event of one of its videos comes.
 */
function useBatchProgress(batchId, given) {
    const store = (0, hooks_js_1.useLibraryStore)(given);
    const live = (0, react_1.useMemo)(() => (batchId ? store.batch(batchId) : null), [store, batchId]);
    const subscribe = (0, react_1.useCallback)((listener) => (live ? live.subscribe(listener) : () => { }), [live]);
    const read = () => live?.get().value ?? null;
    return (0, react_1.useSyncExternalStore)(subscribe, read, read);
}
