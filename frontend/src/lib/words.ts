import type { Sensitivity, Stage, Status, Verdict, VideoDocument } from "@reelroom/react";
import i18next, { type ParseKeys } from "i18next";
import { saidBy } from "./said";

// Words and numbers that several parts of the page share, in the chosen language. Whoever shows them calls
// useTranslation, and so is drawn again when another language is chosen.

const say = (key: ParseKeys<"common">, put?: Record<string, unknown>): string => i18next.t(`common:${key}` as ParseKeys, put) as string;

/** Formats are dear to make; one of each kind is kept for each language. */
const formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();
function format<T extends Intl.NumberFormat | Intl.DateTimeFormat>(name: string, make: (language: string) => T): T {
  const language = i18next.language || "en";
  const key = `${language} ${name}`;
  let made = formats.get(key) as T | undefined;
  if (!made) formats.set(key, (made = make(language)));
  return made;
}

/** 12345.678 → "12,345.7", with at most so many digits after the point. */
export function number(value: number, digits = 1): string {
  return format(`number ${digits}`, (language) => new Intl.NumberFormat(language, { maximumFractionDigits: digits })).format(value);
}

/** 40 → "40 %", as the language writes it. */
export function percent(value: number): string {
  return format("percent", (language) => new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 })).format(value / 100);
}

/** A day and a time: "Nov 22, 2026, 3:55 PM". "" for what is no time. */
export function moment(time: string | number | Date): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return "";
  return format("moment", (language) => new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" })).format(at);
}

/** The same, short: without the year when it is this one. */
export function day(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return "";
  if (at.getFullYear() !== new Date().getFullYear()) return moment(at);
  return format("day", (language) => new Intl.DateTimeFormat(language, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" })).format(at);
}

/** A time of this day: "3:55:07 PM". */
export function hour(time: string | number | Date): string {
  return format("hour", (language) => new Intl.DateTimeFormat(language, { timeStyle: "medium" })).format(new Date(time));
}

const units = ["B", "KB", "MB", "GB", "TB"];

/** 1536 → "1.5 KB" (powers of 1024). */
export function size(bytes: number): string {
  let unit = 0;
  let n = Math.max(bytes, 0);
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${number(n, unit === 0 || n >= 100 ? 0 : 1)} ${units[unit]}`;
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

/** What a figure that is only about right is rounded to: a unit and a whole number of it. */
function rough(seconds: number): [n: number, unit: "s" | "min" | "h"] {
  if (seconds < 20) return [Math.max(1, Math.round(seconds)), "s"];
  if (seconds < 57.5) return [Math.round(seconds / 5) * 5, "s"];
  if (seconds < 90 * 60) return [Math.max(1, Math.round(seconds / 60)), "min"];
  return [Math.round(seconds / 3600), "h"];
}

const known = (seconds: number | null | undefined): seconds is number => typeof seconds === "number" && Number.isFinite(seconds) && seconds >= 0;

/** A time that something takes: "12 s", "2 min", "3 h". */
export function wait(seconds: number): string {
  const [n, unit] = rough(Math.max(0, seconds));
  return say(`video.wait.${unit}`, { n: number(n) });
}

/** How long is left, in words: "about 2 min left", or "about 2–4 min left" where it may well be longer. "" when that is not known. */
export function left(seconds: number | null, high: number | null = null): string {
  if (!known(seconds)) return "";
  const [n, unit] = rough(seconds);
  const [most, mostUnit] = known(high) && high > seconds ? rough(high) : [n, unit];
  if (most === n && mostUnit === unit) return say("video.left", { time: wait(seconds) });
  const time = unit === mostUnit ? say(`video.wait.${unit}`, { n: `${number(n)}–${number(most)}` }) : say("video.between", { low: wait(seconds), high: wait(high!) });
  return say("video.left", { time });
}

const codecs: Record<string, string> = {
  h264: "H.264", hevc: "H.265", av1: "AV1", vp8: "VP8", vp9: "VP9", mpeg4: "MPEG-4", mpeg2video: "MPEG-2", mpeg1video: "MPEG-1",
  prores: "ProRes", theora: "Theora", mjpeg: "Motion JPEG", wmv3: "WMV 9", vc1: "VC-1", aac: "AAC", mp3: "MP3", opus: "Opus",
  vorbis: "Vorbis", ac3: "AC-3", eac3: "E-AC-3", flac: "FLAC",
};
export const codec = (name: string) => codecs[name] ?? name;

/** What is done in a stage. A later server may have stages that this page does not know. */
export const stageWord = (stage: Stage): string => say(`video.stage.${stage}`, { defaultValue: stage });
export const statusWord = (status: Status): string => say(`video.status.${status}`, { defaultValue: status });

/** What is happening to a video, in words. `now` counts down to the next try of one that met trouble. */
export function statusLine(v: VideoDocument, now = Date.now()): string {
  if (v.status === "processing") {
    const pause = v.retryAt ? (Date.parse(v.retryAt) - now) / 1000 : 0;
    if (pause > 0) return say("video.again", { time: wait(pause) });
    return v.stage ? stageWord(v.stage) : statusWord("processing");
  }
  if (v.status === "queued" && v.queuePosition) return v.queuePosition === 1 ? say("video.next") : say("video.place", { place: number(v.queuePosition) });
  return statusWord(v.status);
}

const colors: Record<Verdict, string> = { safe: "teal", review: "yellow", flagged: "red.9" };

/** A verdict: its word, its color, and what it means. */
export const verdictWords = (verdict: Verdict): { word: string; color: string; hint: string } => ({
  word: say(`video.verdict.${verdict}`, { defaultValue: verdict }),
  color: colors[verdict] ?? "gray",
  hint: say(`video.verdictHint.${verdict}`, { defaultValue: "" }),
});

/** What a person reads below the verdict: who decided, and what the machine says, or the machine's word alone. */
export function verdictHint(found: Pick<Sensitivity, "verdict" | "machineVerdict" | "review">, name = (userId: string) => userId): string {
  const { review, machineVerdict } = found;
  if (!review) return verdictWords(found.verdict).hint;
  const by = name(review.by) || say("video.anAdmin");
  const decided = say(review.decision === "approve" ? "video.approvedBy" : "video.flaggedBy", { by });
  const machine = say("video.machineSays", { word: verdictWords(machineVerdict).word });
  return review.note ? `${decided}: “${review.note}” ${machine}` : `${decided}. ${machine}`;
}

/** Why a video failed. */
export const failure = (v: VideoDocument): string => saidBy(v.code === "external" ? null : v.code, v.error ?? "");
/** What a person should know about a file. */
export const warning = ({ code, message }: { code: string; message: string }): string => saidBy(code, message);

/** "10 s · 1920 × 1080 · H.264 · 4.2 MB", as far as it is known. */
export function facts(v: VideoDocument): string {
  const m = v.metadata;
  const parts = m ? [clock(m.durationSeconds), `${m.video.width} × ${m.video.height}`, codec(m.video.codec)] : [];
  // A line may break between two facts, not inside one.
  return [...parts, size(v.size)].map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
}
