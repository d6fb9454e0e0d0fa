import type { Sensitivity, Stage, Status, Verdict, VideoDocument } from "@reelroom/react";

const units = ["B", "KB", "MB", "GB", "TB"];

/** 1536 → "1.5 KB" (powers of 1024). */
export function size(bytes: number): string {
  let unit = 0;
  let n = Math.max(bytes, 0);
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`;
}

/** 75.4 → "1:15", 3725 → "1:02:05". */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor(s / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/** "0:03–0:05", or one time when both are the same second. */
export function span(startMs: number, endMs: number): string {
  const [start, end] = [clock(startMs / 1000), clock(endMs / 1000)];
  return start === end ? start : `${start}–${end}`;
}

/** How long is left, in words. */
export function left(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds) || seconds < 0) return "";
  if (seconds < 60) return `about ${Math.max(1, Math.round(seconds))} s left`;
  return `about ${Math.round(seconds / 60)} min left`;
}

const codecs: Record<string, string> = {
  h264: "H.264", hevc: "H.265", av1: "AV1", vp8: "VP8", vp9: "VP9", mpeg4: "MPEG-4", mpeg2video: "MPEG-2", mpeg1video: "MPEG-1",
  prores: "ProRes", theora: "Theora", mjpeg: "Motion JPEG", wmv3: "WMV 9", vc1: "VC-1", aac: "AAC", mp3: "MP3", opus: "Opus",
  vorbis: "Vorbis", ac3: "AC-3", eac3: "E-AC-3", flac: "FLAC",
};
export const codec = (name: string) => codecs[name] ?? name;

export const stageWords: Record<Stage, string> = {
  metadata: "Reading metadata",
  thumbnail: "Choosing a thumbnail",
  sensitivity: "Looking for sensitive content",
  rendition: "Making a version for browsers",
};

const statusWords: Record<Status, string> = {
  queued: "Waiting for a worker",
  processing: "Processing",
  completed: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
  deleted: "Deleted",
};

/** What is happening to a video, in words. */
export function statusLine(v: VideoDocument): string {
  if (v.status === "processing") return v.message || (v.stage ? stageWords[v.stage] : statusWords.processing);
  if (v.status === "queued" && v.queuePosition) return v.queuePosition === 1 ? "Next in line" : `Number ${v.queuePosition} in line`;
  return statusWords[v.status] ?? v.status;
}

export const verdictWords: Record<Verdict, { word: string; color: string; hint: string }> = {
  safe: { word: "Safe", color: "teal", hint: "No nudity or sexual content was found." },
  review: { word: "Review", color: "yellow", hint: "Something may be sensitive. A person should look." },
  flagged: { word: "Flagged", color: "red.9", hint: "Nudity or sexual content was found." },
};

/** What a person reads below the verdict: who decided, and what the machine says, or the machine's word alone. */
export function verdictHint(found: Pick<Sensitivity, "verdict" | "machineVerdict" | "review">): string | undefined {
  const { review, machineVerdict } = found;
  if (!review) return verdictWords[found.verdict]?.hint;
  const decided = `${review.decision === "approve" ? "Approved" : "Flagged"} by ${review.by || "an admin"}`;
  const machine = `The classifier says: ${verdictWords[machineVerdict]?.word ?? machineVerdict}.`;
  return review.note ? `${decided}: “${review.note}” ${machine}` : `${decided}. ${machine}`;
}

/** "10 s · 1920 × 1080 · H.264 · 4.2 MB", as far as it is known. */
export function facts(v: VideoDocument): string {
  const m = v.metadata;
  const parts = m ? [clock(m.durationSeconds), `${m.video.width} × ${m.video.height}`, codec(m.video.codec)] : [];
  // A line may break between two facts, not inside one.
  return [...parts, size(v.size)].map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
}
