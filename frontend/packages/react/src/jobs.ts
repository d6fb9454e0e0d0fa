"use client";

import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { BatchState, Code, Job, JobStatus, Stage, Status, VideoDocument } from "./contract.js";
import { useLibraryStore, useVideo } from "./hooks.js";
import type { LibraryStore } from "./types.js";

// The names and shapes that apps know which watched one job at a time, over the
// one connection of the store. A job is the work on a video, under its id. An id
// that is not known yet may be left out: then nothing is asked.

/** A job in the words of apps that had a WebSocket for each. */
export interface JobProgress {
  jobId: string;
  status: Status;
  stage: Stage | null;
  /** Overall, 0 to 100. */
  pct: number;
  message: string;
  /** Whether the job has ended, one way or another. */
  done: boolean;
  /** The document, when the job was completed. */
  result: VideoDocument | null;
  /** Why it was not. */
  error: string | null;
  code: Code | null;
}

/** How far a job is; null until that is known, and for one that there is not. */
export function useJobProgress(jobId: string | null | undefined, given?: LibraryStore): JobProgress | null {
  const video = useJob(jobId, given);
  return useMemo(() => {
    if (!video) return null;
    const { id, status, stage, progress, message, error, code } = video;
    return {
      jobId: id, status, stage, pct: progress, message, done: status !== "queued" && status !== "processing",
      result: status === "completed" ? video : null,
      error: status === "cancelled" ? "The job was cancelled." : error,
      code: status === "cancelled" ? "cancelled" : code,
    };
  }, [video]);
}

const jobStatusOf: Record<Status, JobStatus> = {
  queued: "pending", processing: "processing", completed: "complete", failed: "failed", cancelled: "cancelled", deleted: "cancelled",
};

/** A job just as GET /api/jobs/{id} answers it; null until it is known, and for one that there is not. */
export function useJobStatus(jobId: string | null | undefined, given?: LibraryStore): Job | null {
  const video = useJob(jobId, given);
  return useMemo(() => {
    if (!video) return null;
    const { id, title, status, progress, stage, stageProgress, message, etaSeconds, etaHighSeconds, retry, retryAt, queuePosition, attempt, rev, error, code } = video;
    const { metadata, thumbnail, placeholder, storyboard, sensitivity, warnings, playback } = video;
    const job: Job = {
      jobId: id, title, status: jobStatusOf[status], progress, stage, stageProgress, message, etaSeconds, etaHighSeconds, retry, retryAt, queuePosition, attempt, rev,
    };
    if (status === "completed") job.result = { metadata, thumbnail, placeholder, storyboard, sensitivity, warnings, playback };
    if (error !== null) job.error = error;
    if (code !== null) job.code = code;
    return job;
  }, [video]);
}

function useJob(jobId: string | null | undefined, given: LibraryStore | undefined): VideoDocument | null {
  return useVideo(jobId ?? "", given).video;
}

/**
 * How a batch stands, just as GET /batch/{id}/status answers it; null until it
 * is known, and for one that there is not. It is asked for once, and again when
 * an event of one of its videos comes.
 */
export function useBatchProgress(batchId: string | null | undefined, given?: LibraryStore): BatchState | null {
  const store = useLibraryStore(given);
  const live = useMemo(() => (batchId ? store.batch(batchId) : null), [store, batchId]);
  const subscribe = useCallback((listener: () => void) => (live ? live.subscribe(listener) : () => {}), [live]);
  const read = () => live?.get().value ?? null;
  return useSyncExternalStore(subscribe, read, read);
}
