import { vi } from "vitest";
import type { VideoDocument } from "../src/index";
import type { AnySocket } from "../src/link";

/** A socket that a test moves by hand. */
export class FakeSocket {
  connected = false;
  /** Clients before 4.6 do not have it. */
  recovered: boolean | undefined = false;
  active = true;
  sent: [string, ...unknown[]][] = [];
  /** Answers requests that carry an ack, by event name. */
  answers: Record<string, (argument: unknown) => unknown> = {};
  private listeners = new Map<string, Set<(...args: unknown[]) => void>>();

  on(name: string, listener: (...args: unknown[]) => void) {
    if (!this.listeners.has(name)) this.listeners.set(name, new Set());
    this.listeners.get(name)!.add(listener);
    return this;
  }
  off(name: string, listener: (...args: unknown[]) => void) {
    this.listeners.get(name)?.delete(listener);
    return this;
  }
  emit(name: string, argument: unknown, ack?: (answer: unknown) => void) {
    this.sent.push([name, argument]);
    if (ack && this.answers[name]) ack(this.answers[name](argument));
    return this;
  }
  connect = vi.fn(() => this);
  disconnect = vi.fn(() => this);

  fire(name: string, ...args: unknown[]) {
    for (const listener of [...(this.listeners.get(name) ?? [])]) listener(...args);
  }
  up(recovered: boolean | undefined = false) {
    this.connected = true;
    this.recovered = recovered;
    this.fire("connect");
  }
  /** The first event of every connection. */
  ready(recovered: boolean, cursor: string) {
    this.fire("stream:ready", { recovered, cursor }, cursor);
  }
  reset(reason: string, cursor: string) {
    this.fire("stream:reset", { reason, cursor }, cursor);
  }
  down() {
    this.connected = false;
    this.fire("disconnect", "transport close");
  }
  listening() {
    return [...this.listeners.values()].reduce((n, set) => n + set.size, 0);
  }
  get asSocket() {
    return this as unknown as AnySocket;
  }
}

export function video(id: string, change: Partial<VideoDocument> = {}): VideoDocument {
  return {
    _id: id, id, organizationId: "org", title: id, fileName: `${id}.mp4`, size: 1, sha256: "", mediaType: "video/mp4", uploadedBy: "u", batchId: null,
    status: "queued", stage: null, progress: 0, stageProgress: 0, message: "", etaSeconds: null, etaHighSeconds: null, queuePosition: null, retry: 0, retryAt: null, attempt: 1, rev: 1,
    metadata: null, thumbnail: null, placeholder: null, storyboard: null, playback: null, media: "", sensitivity: null, warnings: [], error: null, code: null, story: [],
    createdAt: "2026-01-01T00:00:00Z", updatedAt: "2026-01-01T00:00:00Z", startedAt: null, finishedAt: null, ...change,
  };
}

/** A change of the record: its payload and its cursor. */
export function changed(name: string, videoId: string, rev: number, seq: number, change: object = {}) {
  return [name, { organizationId: "org", videoId, title: videoId, attempt: 1, rev, seq, ts: "2026-01-01T00:00:01Z", ...change }, `e.${seq}`] as const;
}

export function progress(videoId: string, rev: number, seq: number, percent: number, change: object = {}) {
  return [
    "video:progress",
    { organizationId: "org", videoId, status: "processing", attempt: 1, rev, seq, ts: "2026-01-01T00:00:01Z", stage: "metadata", progress: percent, stageProgress: 0, message: "Reading metadata", etaSeconds: null, ...change },
    `e.${seq}`,
  ] as const;
}

/** A server of the two GET routes, whose answers a test may hold back. */
export class FakeServer {
  videos: VideoDocument[] = [];
  cursor = "e.0";
  calls: string[] = [];
  /** When set, an answer waits for it. */
  gate: Promise<void> | undefined;
  status = 200;

  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const url = new URL(String(input), "http://test");
    this.calls.push(url.pathname + url.search);
    const answer = this.answer(url);
    await this.gate;
    init?.signal?.throwIfAborted();
    return answer;
  };

  private answer(url: URL): Response {
    const problem = (status: number, code: string) =>
      new Response(JSON.stringify({ code, title: code, status }), { status, headers: { "content-type": "application/problem+json" } });
    if (this.status !== 200) return problem(this.status, "unavailable");
    const id = url.pathname.split("/")[3];
    if (id) {
      const found = this.videos.find((v) => v.id === id);
      return found ? Response.json(found) : problem(404, "not_found");
    }
    const limit = Number(url.searchParams.get("limit"));
    const from = Number(url.searchParams.get("after") ?? 0);
    const data = this.videos.slice(from, from + limit);
    return Response.json({ data, nextCursor: from + limit < this.videos.length ? String(from + limit) : null, cursor: this.cursor });
  }
}
