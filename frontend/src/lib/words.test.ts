import { expect, it } from "vitest";
import { clock, left, size, verdictHint } from "./words";

it("writes sizes for people", () => {
  expect([0, 1023, 1536, 5 * 1024 ** 2, 250 * 1024 ** 3].map(size)).toEqual(["0 B", "1023 B", "1.5 KB", "5.0 MB", "250 GB"]);
});

it("writes times for people", () => {
  expect([0, 75.4, 3725].map(clock)).toEqual(["0:00", "1:15", "1:02:05"]);
  expect([null, 0.2, 42, 130].map(left)).toEqual(["", "about 1 s left", "about 42 s left", "about 2 min left"]);
});

it("says who decided, and what the classifier says", () => {
  expect(verdictHint({ verdict: "safe", machineVerdict: "safe", review: null })).toBe("No nudity or sexual content was found.");
  const review = { decision: "approve" as const, note: "art", by: "amy", at: "", machineVerdict: "flagged" as const, policyVersion: 1, rev: 6 };
  expect(verdictHint({ verdict: "safe", machineVerdict: "flagged", review })).toBe("Approved by amy: “art” The classifier says: Flagged.");
  expect(verdictHint({ verdict: "flagged", machineVerdict: "safe", review: { ...review, decision: "flag", note: "" } })).toBe("Flagged by amy. The classifier says: Safe.");
});
