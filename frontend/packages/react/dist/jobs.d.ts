import type { BatchState, Code, Job, Stage, Status, VideoDocument } from "./contract.js";
import type { LibraryStore } from "./types.js";
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
export declare function useJobProgress(jobId: string | null | undefined, given?: LibraryStore): JobProgress | null;
/** A job just as GET /api/jobs/{id} answers it; null until it is known, and for one that there is not. */
export declare function useJobStatus(jobId: string | null | undefined, given?: LibraryStore): Job | null;
/**
 * How a batch stands, just as GET /batch/{id}/status answers it; null until it
 * is known, and for one that there is not. It is asked for once, and again when
 * an event of one of its videos comes.
 */
export declare function useBatchProgress(batchId: string | null | undefined, given?: LibraryStore): BatchState | null;
