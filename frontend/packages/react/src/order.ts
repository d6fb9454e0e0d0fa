import type { Cursor } from "./contract.js";

/** What orders two states of one video: attempt, then rev, then the place in the log. */
export interface Stamp {
  attempt: number;
  rev: number;
  epoch: string;
  seq: number;
}

/** Splits "epoch.seq"; an unreadable cursor stands before everything. */
export function parseCursor(cursor: Cursor | null | undefined): { epoch: string; seq: number } {
  const dot = cursor ? cursor.lastIndexOf(".") : -1;
  const seq = dot > 0 ? Number(cursor!.slice(dot + 1)) : NaN;
  return Number.isSafeInteger(seq) ? { epoch: cursor!.slice(0, dot), seq } : { epoch: "", seq: 0 };
}

/**
 * Tells whether an event comes after the state that is held. Within one
 * revision only places of the same epoch can be compared; after a new epoch
 * the event is the newer one, because the old log is gone.
 */
export function newer(event: Stamp, held: Stamp): boolean {
  if (event.attempt !== held.attempt) return event.attempt > held.attempt;
  if (event.rev !== held.rev) return event.rev > held.rev;
  return event.epoch !== held.epoch || event.seq > held.seq;
}
