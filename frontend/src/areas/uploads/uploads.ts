import { useSyncExternalStore } from "react";
import type { VideoDocument } from "@reelroom/react";
import { currentSession, signOut } from "../../lib/session";

/** A file on its way to the server. */
export interface Upload {
  key: string;
  name: string;
  size: number;
  state: "waiting" | "sending" | "checking" | "done" | "failed";
  /** 0 to 100, of the bytes. */
  percent: number;
  error: { message: string; code: string; again: boolean } | null;
}

/** How many files are sent at a time. */
const parallel = 2;

interface Job extends Upload {
  file: File;
  request?: XMLHttpRequest;
}

/** The uploads of this tab. Two at a time; each has a key, so that a repeat makes no second video. */
class Uploads {
  private jobs: Job[] = [];
  private shown: readonly Upload[] = [];
  private readonly listeners = new Set<() => void>();
  /** Called with the server's document of each accepted file. */
  accepted: (video: VideoDocument) => void = () => {};

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  snapshot = () => this.shown;

  add(files: Iterable<File>): void {
    for (const file of files) {
      this.jobs.push({ key: newKey(), name: file.name, size: file.size, state: "waiting", percent: 0, error: null, file });
    }
    this.next();
  }

  again(key: string): void {
    this.change(key, { state: "waiting", percent: 0, error: null });
    this.next();
  }

  remove(key: string): void {
    this.jobs.find((j) => j.key === key)?.request?.abort();
    this.jobs = this.jobs.filter((j) => j.key !== key);
    this.next();
  }

  /** Ends everything, at sign-out. */
  clear(): void {
    for (const job of this.jobs) job.request?.abort();
    this.jobs = [];
    this.publish();
  }

  private next(): void {
    const busy = this.jobs.filter((j) => j.state === "sending" || j.state === "checking").length;
    for (const job of this.jobs.filter((j) => j.state === "waiting").slice(0, Math.max(0, parallel - busy))) this.send(job);
    this.publish();
  }

  private send(job: Job): void {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("title", titleOf(job.name));
    body.append("file", job.file, job.name);
    request.open("POST", "/api/videos");
    request.setRequestHeader("authorization", `Bearer ${currentSession()?.token ?? ""}`);
    request.setRequestHeader("idempotency-key", job.key);
    request.setRequestHeader("accept", "application/json");
    request.upload.onprogress = (e) => e.lengthComputable && this.change(job.key, { percent: Math.floor((100 * e.loaded) / e.total) });
    request.upload.onload = () => this.change(job.key, { state: "checking", percent: 100 });
    request.onload = () => this.answered(job.key, request);
    request.onerror = () => this.fail(job.key, { message: "The connection broke before the file had arrived.", code: "network", again: true });
    this.change(job.key, { state: "sending", request });
    request.send(body);
  }

  private answered(key: string, request: XMLHttpRequest): void {
    const answer = parse(request.responseText);
    if (request.status >= 200 && request.status < 300) {
      if (typeof answer.id === "string") this.accepted(answer as unknown as VideoDocument);
      this.change(key, { state: "done", request: undefined });
      setTimeout(() => this.remove(key), 1500);
      this.next();
      return;
    }
    if (request.status === 401) {
      signOut("ended");
      return;
    }
    const message = String(answer.detail || answer.title || `The server answered ${request.status}.`);
    const again = request.status === 429 || request.status >= 500;
    this.fail(key, { message, code: String(answer.code ?? request.status), again });
  }

  private fail(key: string, error: Upload["error"]): void {
    this.change(key, { state: "failed", error, request: undefined });
    this.next();
  }

  private change(key: string, change: Partial<Job>): void {
    this.jobs = this.jobs.map((j) => (j.key === key ? { ...j, ...change } : j));
    this.publish();
  }

  private publish(): void {
    this.shown = this.jobs;
    for (const listener of this.listeners) listener();
  }
}

export const uploads = new Uploads();
export const useUploads = () => useSyncExternalStore(uploads.subscribe, uploads.snapshot);

/** "holiday.final.mp4" → "holiday.final". */
export const titleOf = (name: string) => name.replace(/\.[A-Za-z0-9]{1,5}$/, "") || name;

function parse(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) as Record<string, unknown>) ?? {};
  } catch {
    return {};
  }
}

function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}
