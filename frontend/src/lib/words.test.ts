import type { VideoDocument } from "@reelroom/react";
import i18next from "i18next";
import { beforeEach, expect, it } from "vitest";
import { startWords } from "./i18n";
import { clock, failure, left, number, percent, size, statusLine, verdictHint, verdictWords } from "./words";

beforeEach(() => startWords("en"));
const german = () => i18next.changeLanguage("de");
const video = (more: Partial<VideoDocument>) => more as VideoDocument;

it("writes sizes for people", async () => {
  expect([0, 1023, 1536, 5 * 1024 ** 2, 250 * 1024 ** 3].map(size)).toEqual(["0 B", "1,023 B", "1.5 KB", "5 MB", "250 GB"]);
  await german();
  expect([size(1536), number(12345.67), percent(40)]).toEqual(["1,5 KB", "12.345,7", "40\u00a0%"]);
});

it("writes times for people", () => {
  expect([0, 75.4, 3725].map(clock)).toEqual(["0:00", "1:15", "1:02:05"]);
  expect([null, -1, 0.2, 12, 42, 59, 130, 4 * 3600].map((s) => left(s))).toEqual(
    ["", "", "about 1 s left", "about 12 s left", "about 40 s left", "about 1 min left", "about 2 min left", "about 4 h left"]);
});

it("says when something may take longer", async () => {
  expect(left(130, 250)).toBe("about 2–4 min left");
  expect(left(130, 135)).toBe("about 2 min left");
  expect(left(40, 120)).toBe("about 40 s to 2 min left");
  expect(left(40, null)).toBe("about 40 s left");
  await german();
  expect(left(130, 250)).toBe("noch etwa 2–4 min");
});

it("says what is happening", async () => {
  expect(statusLine(video({ status: "queued", queuePosition: 1 }))).toBe("Next in line");
  expect(statusLine(video({ status: "queued", queuePosition: 1234 }))).toBe("Number 1,234 in line");
  expect(statusLine(video({ status: "queued", queuePosition: null }))).toBe("Waiting for a worker");
  expect(statusLine(video({ status: "processing", stage: "thumbnail", retryAt: null }))).toBe("Choosing a thumbnail");
  const troubled = video({ status: "processing", stage: "thumbnail", retryAt: "2026-01-01T00:00:12Z" });
  expect(statusLine(troubled, Date.parse("2026-01-01T00:00:00Z"))).toBe("Trying again in 12 s");
  expect(statusLine(troubled, Date.parse("2026-01-01T00:00:13Z"))).toBe("Choosing a thumbnail");
  await german();
  expect(statusLine(video({ status: "queued", queuePosition: 1234 }))).toBe("Platz 1.234 in der Reihe");
});

it("says why a video failed, in the words of who knows best", async () => {
  expect(failure(video({ code: "external", error: "<b>theirs</b>" }))).toBe("<b>theirs</b>");
  await german();
  expect(failure(video({ code: "no_video", error: "The file has no video in it." }))).toBe("In dieser Datei ist kein Bild.");
});

it("says who decided, and what the classifier says", () => {
  expect(verdictHint({ verdict: "safe", machineVerdict: "safe", review: null })).toBe("No nudity or sexual content was found.");
  const review = { decision: "approve" as const, note: "art", by: "amy", at: "", machineVerdict: "flagged" as const, policyVersion: 1, rev: 6 };
  expect(verdictHint({ verdict: "safe", machineVerdict: "flagged", review })).toBe("Approved by amy: “art” The classifier says: Flagged.");
  expect(verdictHint({ verdict: "flagged", machineVerdict: "safe", review: { ...review, decision: "flag", note: "" } })).toBe("Flagged by amy. The classifier says: Safe.");
  expect(verdictWords("made-up" as "safe").word).toBe("made-up");
});
