"use client";
import { useCallback, useMemo, useSyncExternalStore } from "react";
import { useLibraryStore, useVideo } from "./hooks.js";
/** How far a job is; null until that is known, and for one that there is not. */
export function useJobProgress(jobId, given) {
    const video = useJob(jobId, given);
    return useMemo(() => {
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
export function useJobStatus(jobId, given) {
    const video = useJob(jobId, given);
    return useMemo(() => {
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
    return useVideo(jobId ?? "", given).video;
}
/**
 * How a batch stands, just as GET /batch/{id}/status answers it; null until it
 * is known, and for one that there is not. It is asked for once, and again when
 * an event of one of its videos comes.
 */
export function useBatchProgress(batchId, given) {
    const store = useLibraryStore(given);
    const live = useMemo(() => (batchId ? store.batch(batchId) : null), [store, batchId]);
    const subscribe = useCallback((listener) => (live ? live.subscribe(listener) : () => { }), [live]);
    const read = () => live?.get().value ?? null;
    return useSyncExternalStore(subscribe, read, read);
}
