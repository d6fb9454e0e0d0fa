import type { Sensitivity, Status, Verdict, VideoDocument } from "../src/index";
import type { VideoQuery } from "../src/query";
import { FakeSocket, video } from "./fake";

/** Numbers that look random and are the same for a seed (mulberry32). */
export function random(seed: number) {
  const next = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n: number) => Math.floor(next() * n);
  return { below, pick: <T>(from: readonly T[]): T => from[below(from.length)]!, chance: (p: number) => next() < p };
}
export type Random = ReturnType<typeof random>;

const words = ["Ärger", "apple", "Zebra", "über", "Apple", "𝄞 score", "ﬀ", "straße", "Σίσυφος", "b", "B", "10", "9"];
const title = (r: Random) => `${r.pick(words)} ${r.pick(words)}`;

/** What a query is to answer, written down without any care for speed. */
export function answer(all: Iterable<VideoDocument>, query: VideoQuery): VideoDocument[] {
  const among = <T extends string>(given: T | readonly T[] | undefined, value: T | undefined) => {
    const list = given === undefined ? [] : Array.isArray(given) ? (given as T[]) : [given as T];
    return list.length === 0 || (value !== undefined && list.includes(value));
  };
  const lower = (text: string) => [...text].map((c) => (c === "ς" ? "σ" : c.toLowerCase())).join("");
  const found = [...all].filter(
    (v) =>
      among<Status>(query.status, v.status) &&
      among<Verdict>(query.verdict, v.sensitivity?.verdict) &&
      (!query.batch || v.batchId === query.batch) &&
      (lower(v.title).includes(lower(query.q ?? "")) || lower(v.fileName).includes(lower(query.q ?? ""))),
  );
  return found.sort(order(query));
}

const points = (text: string) => [...text].map((c) => c.codePointAt(0)!.toString(16).padStart(6, "0")).join("");

function order({ sort = "-createdAt" }: VideoQuery) {
  const lower = (text: string) => [...text].map((c) => (c === "ς" ? "σ" : c.toLowerCase())).join("");
  const value = (v: VideoDocument): string | number => {
    if (sort.endsWith("title")) return points(lower(v.title));
    if (sort.endsWith("size")) return v.size;
    if (sort.endsWith("duration")) return v.metadata?.durationSeconds ?? 0;
    return Date.parse(v.createdAt);
  };
  const sign = sort.startsWith("-") ? -1 : 1;
  return (a: VideoDocument, b: VideoDocument) => {
    const [x, y] = [value(a), value(b)];
    if (x !== y) return x < y ? -sign : sign;
    return a.id === b.id ? 0 : points(a.id) < points(b.id) ? -sign : sign;
  };
}

type Told = [name: string, payload: object, cursor: string];

/** A server that keeps videos and a log, tells a socket about both, and answers when it pleases. */
export class ModelServer {
  readonly videos = new Map<string, VideoDocument>();
  readonly socket = new FakeSocket();
  /** The furthest place that was handed out of each query since it was begun anew; null when that was all. */
  readonly edges = new Map<string, VideoDocument | null>();
  calls = 0;
  private log: Told[] = [];
  private made = 0;
  private seq = 0;
  private epoch = 1;
  private clock = Date.parse("2026-01-01T00:00:00Z");
  private heard = 0;

  /** failing: the share of answers that are none. */
  constructor(
    private readonly r: Random,
    private readonly failing: number,
  ) {
    for (let n = 0; n < 25; n++) this.change();
    this.heard = this.log.length;
    this.socket.answers["video:subscribe"] = (id) => {
      const found = this.videos.get(id as string);
      return found ? { ok: true, video: found, cursor: this.cursor } : { ok: false, error: { code: "not_found", message: "" } };
    };
  }

  get cursor() {
    return `e${this.epoch}.${this.seq}`;
  }

  private tell(name: string, v: VideoDocument, more: object = {}) {
    this.seq++;
    const { id: videoId, title: t, status, attempt, rev, updatedAt: ts, batchId } = v;
    const payload = { organizationId: "org", videoId, title: t, status, attempt, rev, ts, ...(batchId && { batchId }), seq: this.seq, ...more };
    this.log.push([name, structuredClone(payload), this.cursor]);
    if (this.socket.connected) this.deliver();
  }

  private deliver() {
    while (this.heard < this.log.length) this.socket.fire(...this.log[this.heard++]!);
  }

  private set(v: VideoDocument): VideoDocument {
    this.videos.set(v.id, v);
    return v;
  }

  /** Something happens in the library. */
  change() {
    const { r } = this;
    if (r.chance(0.5)) this.clock += 1000;
    const ts = new Date(this.clock).toISOString();
    if (r.chance(0.2) || this.videos.size === 0) {
      const id = `${r.pick(["v", "V", "w"])}${this.made++}`;
      const made = video(id, { title: title(r), fileName: `${r.pick(words)}.mp4`, size: r.below(5), createdAt: ts, updatedAt: ts, batchId: r.chance(0.3) ? "batch" : null });
      this.tell("video:queued", this.set(made), { queuePosition: null });
      return;
    }
    const v = r.pick([...this.videos.values()]);
    const base = { updatedAt: ts, rev: v.rev + 1 };
    const end = { stageProgress: 0, message: "", finishedAt: ts };
    const kind = r.below(12);
    if (kind < 2) {
      const whole = this.set({ ...v, ...base, title: title(r) });
      this.tell("video:updated", whole, { video: whole });
    } else if (kind === 2) {
      this.videos.delete(v.id);
      this.tell("video:deleted", { ...v, ...base, status: "deleted" });
    } else if (kind === 3 && v.sensitivity) {
      const whole = this.set({ ...v, ...base, sensitivity: { ...v.sensitivity, verdict: r.pick(["safe", "review", "flagged"]) } });
      this.tell("video:updated", whole, { video: whole });
    } else if (v.status === "queued") {
      const now = this.set({ ...v, ...base, status: "processing", stage: "metadata", progress: 10 });
      this.tell("video:progress", now, { stage: now.stage, progress: now.progress, stageProgress: 0, message: "" });
    } else if (v.status === "processing" && kind < 8) {
      // Within a stage the record stays as it is.
      const next = r.chance(0.5) ? { ...base, stage: "thumbnail" as const, metadata: v.metadata ?? ({ durationSeconds: r.below(4) } as VideoDocument["metadata"]) } : {};
      const now = this.set({ ...v, ...next, updatedAt: ts, progress: Math.min(v.progress + r.below(5), 99) });
      this.tell("video:progress", now, { stage: now.stage, progress: now.progress, stageProgress: 0, message: "" });
    } else if (v.status === "processing" && kind < 10) {
      const metadata = v.metadata ?? ({ durationSeconds: r.below(4) } as VideoDocument["metadata"]);
      const sensitivity = { verdict: r.pick(["safe", "review", "flagged"]) } as Sensitivity;
      const done = this.set({ ...v, ...base, ...end, status: "completed", stage: null, progress: 100, metadata, sensitivity });
      this.tell("video:processed", done, { progress: 100, metadata, sensitivity, thumbnail: null, placeholder: null, storyboard: null, warnings: [] });
    } else if (v.status === "processing") {
      const failed = this.set({ ...v, ...base, ...end, status: "failed", error: "Broken.", code: "corrupt" });
      this.tell("video:failed", failed, { error: "Broken.", code: "corrupt", stage: v.stage });
    } else if (v.status === "failed") {
      const again = this.set({ ...v, ...base, status: "queued", attempt: v.attempt + 1, stage: null, progress: 0, error: null, code: null, finishedAt: null });
      this.tell("video:queued", again, { queuePosition: null });
    }
  }

  down() {
    if (this.socket.connected) this.socket.down();
  }

  /** The socket comes back: with its session, with what came after its cursor, or with nothing of that. */
  up(cursor: string | null) {
    if (this.socket.connected) return;
    const how = this.r.below(cursor === null ? 1 : 4);
    if (how === 1) {
      this.socket.up(true);
      this.deliver();
      this.socket.ready(true, this.cursor);
    } else if (how === 2) {
      this.socket.up(false);
      this.deliver();
      this.socket.ready(true, this.cursor);
    } else {
      this.heard = this.log.length;
      if (how === 3) {
        this.epoch++;
        this.seq = 0;
      }
      this.socket.up(false);
      this.socket.reset("lost", this.cursor);
      this.socket.ready(false, this.cursor);
    }
  }

  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    this.calls++;
    const wait = () => (this.r.chance(0.5) ? new Promise((resolve) => setTimeout(resolve, this.r.below(40))) : undefined);
    await wait();
    let got = () => {};
    const answered = this.r.chance(this.failing)
      ? Response.json({ code: "unavailable", title: "", status: 503 }, { status: 503 })
      : this.read(new URL(String(input), "http://test"), (note) => (got = note));
    await wait();
    init?.signal?.throwIfAborted();
    got();
    return answered;
  };

  private read({ pathname, searchParams: p }: URL, whenGot: (note: () => void) => void): Response {
    const id = pathname.split("/")[3];
    if (id) {
      const found = this.videos.get(decodeURIComponent(id));
      return found ? Response.json(found) : Response.json({ code: "not_found", title: "", status: 404 }, { status: 404 });
    }
    const query = queryFrom(p);
    const sorted = answer(this.videos.values(), query);
    const after = p.get("after");
    const from = after ? sorted.findIndex((v) => order(query)(v, JSON.parse(after) as VideoDocument) > 0) : 0;
    const data = from < 0 ? [] : sorted.slice(from, from + Number(p.get("limit")));
    const more = from >= 0 && from + data.length < sorted.length;
    p.delete("limit");
    p.delete("after");
    whenGot(() => this.edges.set(p.toString(), more ? data.at(-1)! : null));
    return Response.json({ data, nextCursor: more ? JSON.stringify(data.at(-1)) : null, cursor: this.cursor });
  }

  /** What a view is to show: everything up to the last place that was fetched. */
  expected(query: VideoQuery, name: string): VideoDocument[] {
    const edge = this.edges.get(name);
    const sorted = answer(this.videos.values(), query);
    return edge ? sorted.filter((v) => order(query)(v, edge) <= 0) : sorted;
  }
}

function queryFrom(p: URLSearchParams): VideoQuery {
  return {
    q: p.get("q") ?? "",
    status: (p.get("status")?.split(",") ?? []) as Status[],
    verdict: (p.get("verdict")?.split(",") ?? []) as Verdict[],
    batch: p.get("batch") ?? "",
    sort: (p.get("sort") ?? "-createdAt") as VideoQuery["sort"],
  };
}
