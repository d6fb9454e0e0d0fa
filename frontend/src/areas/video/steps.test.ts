import type { Step, VideoDocument } from "@reelroom/react";
import { expect, it } from "vitest";
import { storyOf, tells } from "./steps";

const at = "2026-01-01T00:00:00Z";
const video = (v: Partial<VideoDocument>) => ({ status: "queued", attempt: 1, stage: null, retryAt: null, createdAt: at, startedAt: null, finishedAt: null, code: null, error: null, ...v }) as VideoDocument;
const step = (name: Step["step"], more: Partial<Step> = {}): Step => ({ at, step: name, attempt: 1, ...more });

it("tells by attempts, the newest first", () => {
  const story = [step("queued"), step("failed"), step("queued", { attempt: 2 }), step("stage", { attempt: 2, stage: "metadata" })];
  expect(storyOf(video({ attempt: 2, story })).map((c) => [c.attempt, c.steps.map((s) => s.step)])).toEqual([[2, ["queued", "stage"]], [1, ["queued", "failed"]]]);
});

it("makes of an earlier version's video what its times tell", () => {
  const v = video({ status: "failed", startedAt: at, finishedAt: at, code: "corrupt", error: "words", story: [] });
  expect(storyOf(v)).toEqual([{ attempt: 1, steps: [step("queued"), step("stage"), step("failed", { code: "corrupt", message: "words" })] }]);
  expect(storyOf(video({ story: null }))[0]?.steps).toHaveLength(1);
});

it("knows when the story lags behind the events", () => {
  const thumbnail = { status: "processing", stage: "thumbnail" } as const;
  const story = [step("queued"), step("stage", { stage: "metadata" })];
  expect(tells(video({ ...thumbnail, story }))).toBe(false);
  expect(tells(video({ ...thumbnail, story: [...story, step("stage", { stage: "thumbnail" })] }))).toBe(true);
  expect(tells(video({ ...thumbnail, retryAt: at, story: [...story, step("stage", { stage: "thumbnail" })] }))).toBe(false);
  expect(tells(video({ status: "completed", story }))).toBe(false);
  expect(tells(video({ status: "completed", story: [...story, step("completed")] }))).toBe(true);
  expect(tells(video({ status: "queued", attempt: 2, story: [step("queued")] }))).toBe(false);
  expect(tells(video({ status: "completed", story: [] }))).toBe(true);
});
