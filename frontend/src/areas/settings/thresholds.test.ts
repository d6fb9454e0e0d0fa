import { expect, it } from "vitest";
import { changed, edited, editOf } from "./thresholds";

const policy = { version: 3, reviewAt: 0.6, flagAt: 0.85, suggestiveAt: 0.8, minimumRun: 2, updatedAt: null, updatedBy: "" };

it("keeps review at or below flag, whichever is moved", () => {
  expect(edited(editOf(policy), { reviewAt: 0.9 })).toMatchObject({ reviewAt: 0.9, flagAt: 0.9 });
  expect(edited(editOf(policy), { flagAt: 0.5 })).toMatchObject({ reviewAt: 0.5, flagAt: 0.5 });
  expect(edited(editOf(policy), { reviewAt: 0.1 })).toMatchObject({ reviewAt: 0.1, flagAt: 0.85 });
});

it("sees a change in any of them", () => {
  expect(changed(editOf(policy), policy)).toBe(false);
  expect(changed(edited(editOf(policy), { minimumRun: 1 }), policy)).toBe(true);
});
