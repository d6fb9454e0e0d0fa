import type { Step, VideoDocument } from "@reelroom/react";

/** One attempt, from the wait for a worker to its outcome. */
export interface Chapter {
  attempt: number;
  steps: Step[];
}

/** The story by attempts, the newest first. Of a video from before stories were kept there is what its times tell. */
export function storyOf(v: VideoDocument): Chapter[] {
  const chapters: Chapter[] = [];
  for (const step of v.story?.length ? v.story : guessed(v)) {
    const last = chapters.at(-1);
    if (last?.attempt === step.attempt) last.steps.push(step);
    else chapters.push({ attempt: step.attempt, steps: [step] });
  }
  return chapters.reverse();
}

function guessed(v: VideoDocument): Step[] {
  const { attempt } = v;
  const steps: Step[] = attempt === 1 ? [{ at: v.createdAt, step: "queued", attempt }] : [];
  if (v.startedAt) steps.push({ at: v.startedAt, step: "stage", attempt });
  if (v.finishedAt && (v.status === "completed" || v.status === "failed" || v.status === "cancelled")) {
    steps.push({ at: v.finishedAt, step: v.status, attempt, ...(v.code && { code: v.code }), ...(v.error && { message: v.error }) });
  }
  return steps;
}

/** Whether the story has come to where the video stands. */
export function tells(v: VideoDocument): boolean {
  const last = v.story?.at(-1);
  if (!last) return v.story?.length === 0; // an earlier version's: nothing to wait for
  if (last.attempt !== v.attempt) return false;
  if (v.status === "processing") return v.retryAt ? last.step === "delayed" : last.step === "stage" && last.stage === v.stage;
  return last.step === v.status || v.status === "deleted";
}
