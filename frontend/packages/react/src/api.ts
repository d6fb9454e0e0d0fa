import type { Code, Problem, VideoDocument, VideoList } from "./contract.js";

/** A token, or what makes a fresh one whenever it is needed. */
export type Token = string | (() => string | Promise<string>);

/** A refusal over HTTP or at the handshake, with the server's code and its words for people. */
export class ReelroomError extends Error {
  constructor(
    message: string,
    readonly code: Code | "network" | "unknown",
    readonly status = 0,
  ) {
    super(message);
    this.name = "ReelroomError";
  }
}

/** The codes of refusals that the same request gets again, however long it waits. */
const final: ReadonlySet<string> = new Set([
  "invalid", "not_found", "forbidden", "unsupported", "token_missing", "token_expired", "token_invalid", "token_revoked", "session_ended",
]);

/** Tells whether waiting cannot help: the request itself, or who asks, must change. */
export const isFinal = ({ code, status }: ReelroomError): boolean => final.has(code) || (status >= 400 && status < 500 && status !== 408 && status !== 429);

/** Any failure as one with words to show. */
export function asError(cause: unknown): ReelroomError {
  if (cause instanceof ReelroomError) return cause;
  return new ReelroomError(cause instanceof Error ? cause.message : String(cause), "unknown");
}

export async function resolveToken(token: Token | undefined): Promise<string> {
  return typeof token === "function" ? token() : (token ?? "");
}

/** Reads an answer that is not 2xx as problem+json (RFC 9457). */
export async function problemOf(response: Response): Promise<ReelroomError> {
  let problem: Partial<Problem> = {};
  try {
    problem = (await response.json()) as Partial<Problem>;
  } catch {
    // not JSON: the status has to do
  }
  const words = problem.detail || problem.title || `The server answered ${response.status}.`;
  return new ReelroomError(words, problem.code ?? "unknown", response.status);
}

/** The few calls that the store makes. */
export class Api {
  constructor(
    private readonly url: string,
    private readonly token: Token | undefined,
    private readonly fetcher: typeof fetch,
  ) {}

  list(query: URLSearchParams, limit: number, after: string | null, signal: AbortSignal): Promise<VideoList> {
    query.set("limit", String(limit));
    if (after) query.set("after", after);
    return this.get(`/api/videos?${query}`, signal);
  }

  video(id: string, signal: AbortSignal): Promise<VideoDocument> {
    return this.get(`/api/videos/${encodeURIComponent(id)}`, signal);
  }

  /** Reads what a path answers. */
  async get<T>(path: string, signal: AbortSignal): Promise<T> {
    const token = await resolveToken(this.token);
    const headers: Record<string, string> = { accept: "application/json" };
    if (token) headers.authorization = `Bearer ${token}`;
    let response: Response;
    try {
      response = await this.fetcher(this.url + path, { headers, signal });
    } catch (cause) {
      if (signal.aborted) throw cause;
      throw new ReelroomError("The server cannot be reached.", "network");
    }
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as T;
  }
}
