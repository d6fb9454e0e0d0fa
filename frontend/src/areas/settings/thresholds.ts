import type { Policy } from "@reelroom/react";

/** The part of a policy that an admin chooses. Scores are 0 to 1. */
export type Edit = Pick<Policy, "reviewAt" | "flagAt" | "suggestiveAt" | "minimumRun">;

export const mostFrames = 10;

export const editOf = ({ reviewAt, flagAt, suggestiveAt, minimumRun }: Policy): Edit => ({ reviewAt, flagAt, suggestiveAt, minimumRun });

/** Makes a change; what would come before a review or after a flag moves along. */
export function edited(edit: Edit, change: Partial<Edit>): Edit {
  const next = { ...edit, ...change };
  if (change.reviewAt !== undefined) next.flagAt = Math.max(next.flagAt, next.reviewAt);
  if (change.flagAt !== undefined) next.reviewAt = Math.min(next.reviewAt, next.flagAt);
  return next;
}

export const changed = (edit: Edit, policy: Policy) => (Object.keys(edit) as (keyof Edit)[]).some((name) => edit[name] !== policy[name]);
