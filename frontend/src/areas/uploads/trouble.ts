/** What stands in the way of a file. */
export interface Trouble {
  /** A code of the server, or `network`, `file_changed`, `other_file`. */
  code: string;
  /** The server's own words. */
  message: string;
  /** Of a refusal: whether another try may end otherwise. */
  again: boolean;
}

/** What is done about it: another try, a new token first, from the first byte, or nothing. */
export type Remedy = "later" | "token" | "anew" | "none";

export interface Diagnosis extends Trouble {
  remedy: Remedy;
  /** How long the server wants to be left alone, in ms; 0 when it does not say. */
  wait: number;
}

/** What an answer to a tus request tells, or that there was none. */
export interface Answer {
  status: number;
  body: string;
  retryAfter: string | undefined;
}

/** Codes that say more than their status does: the server kept what came, and waits for the rest. */
const goesOn = new Set(["upload_incomplete", "upload_locked", "offset_mismatch", "unavailable", "rate_limited", "unsettled"]);

/** Codes of a file for which there is no room: somebody has to make some. */
export const noRoom = new Set(["storage_full", "disk_full", "quota_exceeded"]);

/** Words for an answer that has none, as those of a HEAD. */
const byStatus: Record<number, string> = {
  401: "token_invalid", 403: "forbidden", 404: "not_found", 409: "offset_mismatch", 413: "too_large", 415: "unsupported_media",
  423: "upload_locked", 429: "rate_limited", 503: "unavailable", 507: "storage_full",
};

/** Tells what to do after a try that failed; `resumed` is one of an upload that the server has known. */
export function diagnose(answer: Answer | null, resumed: boolean): Diagnosis {
  if (!answer || answer.status === 0) return { code: "network", message: "", again: true, remedy: "later", wait: 0 };
  const problem = parse(answer.body);
  const code = typeof problem.code === "string" ? problem.code : (byStatus[answer.status] ?? "internal");
  const message = String(problem.detail || problem.title || "");
  const wait = Math.min(Math.max(Number(answer.retryAfter) || 0, 0), 3600) * 1000;
  const found = { code, message, wait, again: false };
  if (answer.status === 401) return { ...found, remedy: "token", again: true };
  if (resumed && (answer.status === 404 || answer.status === 410)) return { ...found, remedy: "anew", again: true };
  if (noRoom.has(code)) return { ...found, remedy: "none", again: true };
  if (goesOn.has(code) || answer.status >= 500 || answer.status === 408) return { ...found, remedy: "later", again: true };
  return { ...found, remedy: "none" };
}

/** The pause before the next try, in ms: longer each time, and no two pages at the same moment. */
export function pause(failures: number, wait: number, random = Math.random()): number {
  const own = Math.min(1_000 * 2 ** Math.min(failures, 5), 20_000);
  return Math.max(wait, own * (0.75 + random / 2));
}

function parse(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) as Record<string, unknown>) ?? {};
  } catch {
    return {};
  }
}
