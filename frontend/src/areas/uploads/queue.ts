import type { VideoDocument } from "@reelroom/react";
import { call } from "../../lib/api";
import { currentSession, renew, signOut } from "../../lib/session";
import { discard, fileOf, readable } from "./files";
import { isFileOf, keptOf, maxJobs, parallel, shownOf, type Job, type Kept, type State, type Uploads } from "./job";
import { Pace } from "./pace";
import type { Handle, Picked } from "./picked";
import { send } from "./send";
import { claim, drop, isKeptWhole, keep, kept } from "./shelf";
import { Recent } from "./recent";
import { noRoom, pause, type Diagnosis } from "./trouble";

const busy: ReadonlySet<State> = new Set(["sending", "checking", "retrying"]);
/** How often moving bytes are shown, in ms. */
const showEvery = 250;
/** How long a file stays that has become a video, in ms. */
const stays = 4_000;

/** The uploads of this tab, a few at a time, until each is a video or was given up. */
export class Queue {
  /** Is given the document of each file that was accepted. */
  accepted: (video: VideoDocument) => void = () => {};
  private owner = "";
  private running = false;
  private jobs: Job[] = [];
  private done = 0;
  private all = 0;
  private shown: Uploads = { list: [], total: 0, done: 0, elsewhere: [], ready: false };
  private elsewhere: Kept[] = [];
  private ready = false;
  private restored: Promise<void> = Promise.resolve();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();
  /** Keys and ids of uploads of this tab, also of those that have ended: events come later than answers. */
  private readonly own = new Recent(2 * maxJobs);

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  snapshot = () => this.shown;

  /** Whether an upload is or was one of this tab. The key is known before the server has answered with the id. */
  isOwn = ({ id, key }: { id: string; key: string }): boolean => this.own.has(id) || this.own.has(key);

  /** Begins to work for a person: goes on with what this browser has of theirs. */
  start(owner: string): Promise<void> {
    if (this.owner === owner && this.running) return this.restored;
    if (this.owner !== owner) this.empty();
    this.owner = owner;
    this.running = true;
    for (const job of this.jobs) job.failures = 0;
    this.next();
    return (this.restored = this.restore());
  }

  /** Ends all requests; what is unfinished waits for the next start. */
  stop(): void {
    this.running = false;
    for (const job of this.jobs) if (busy.has(job.state)) this.halt(job, "waiting");
    this.show(true);
  }

  /** Forgets everything, at sign-out: on a machine of many nothing stays behind. The server keeps what came for a while. */
  clear(owner: string): void {
    this.stop();
    this.empty();
    void kept(owner).then((all) => drop(...all.map((one) => one.key)));
  }

  /** Takes what this browser has kept and no tab has. */
  async restore(): Promise<void> {
    const owner = this.owner;
    const elsewhere: Kept[] = [];
    for (const one of await kept(owner)) {
      if (this.jobs.some((j) => j.kept.key === one.key)) continue;
      const free = await claim(one.key);
      if (!free) {
        elsewhere.push(one);
        continue;
      }
      if (this.owner !== owner || this.jobs.some((j) => j.kept.key === one.key)) {
        free();
        continue;
      }
      const job = this.put({ ...one, file: undefined }, one.file, one.paused ? "paused" : "waiting");
      job.free = free;
      if (!job.file) job.state = (await this.find(job, false)) ? job.state : "lost";
    }
    if (this.owner !== owner) return;
    this.elsewhere = elsewhere;
    this.ready = true;
    this.next();
  }

  add(picked: Iterable<Picked>): number {
    let refused = 0;
    for (const { file, handle } of picked) {
      const known = this.jobs.find((j) => j.state === "lost" && isFileOf(j.kept, file));
      if (known) this.given(known, file, handle);
      else if (this.jobs.length >= maxJobs) refused++;
      else if (!this.jobs.some((j) => j.state !== "failed" && j.state !== "done" && j.file && isFileOf(j.kept, file) && j.kept.lastModified === file.lastModified)) {
        const one = keptOf(this.owner, { name: file.name, size: file.size, lastModified: file.lastModified, handle, at: Date.now() + this.all / 1e6 });
        const job = this.put(one, file, "waiting");
        this.claim(job);
        this.keep(job);
      }
    }
    this.next();
    return refused;
  }

  /** Goes on with what the server has of a file, begun by this person wherever. False when it is another file. */
  adopt(begun: { id: string; fileName: string; size: number; received: number }, { file, handle }: Picked): boolean {
    const one = keptOf(this.owner, { name: begun.fileName, size: begun.size, lastModified: 0, id: begun.id, sent: begun.received, handle });
    if (!isFileOf(one, file)) return false;
    const job = this.put(one, undefined, "waiting");
    this.claim(job);
    this.given(job, file, handle);
    this.next();
    return true;
  }

  /** Takes a file that was chosen again for its upload. */
  give(key: string, { file, handle }: Picked): void {
    const job = this.of(key);
    if (!job) return;
    if (job.trouble?.code === "file_changed") {
      // The file as it is now is another one: what the server has of the old one is of no use.
      this.forgetThere(job);
      Object.assign(job.kept, { size: file.size, lastModified: file.lastModified, name: file.name, sent: 0 });
    } else if (!isFileOf(job.kept, file)) {
      job.trouble = { code: "other_file", message: "", again: true };
      return this.show(true);
    }
    this.given(job, file, handle);
    this.next();
  }

  /** Asks the browser for a file whose handle is kept; to be called from a click. */
  async goOn(key: string): Promise<void> {
    const job = this.of(key);
    if (!job || !(await this.find(job, true))) return this.show(true);
    this.line(job);
    this.next();
  }

  pause(key: string): void {
    const job = this.of(key);
    if (!job || (!busy.has(job.state) && job.state !== "waiting")) return;
    this.halt(job, "paused");
    this.keep(job);
    this.next();
  }

  resume(key: string): void {
    const job = this.of(key);
    if (job?.state !== "paused") return;
    if (job.file) this.line(job);
    else job.state = "lost";
    this.keep(job);
    this.next();
  }

  /** Tries again what was refused, or waits for its next try. */
  async again(key: string): Promise<void> {
    const job = this.of(key);
    if (!job) return;
    job.failures = 0;
    if (job.trouble?.code === "file_changed" && job.kept.handle) {
      const file = await job.kept.handle.getFile().catch(() => undefined);
      if (file) return this.give(key, { file, handle: job.kept.handle });
    }
    if (job.state === "retrying") this.run(job);
    else if (job.state === "failed") this.line(job);
    this.next();
  }

  pauseAll = () => this.each((j) => busy.has(j.state) || j.state === "waiting", (key) => this.pause(key));
  resumeAll = () => this.each((j) => j.state === "paused", (key) => this.resume(key));
  retryFailed = () => this.each((j) => j.state === "failed" && j.trouble?.again === true, (key) => void this.again(key));
  cancelAll = () => this.each((j) => j.state !== "done", (key) => this.cancel(key));
  dismissFailed = () => this.each((j) => j.state === "failed", (key) => this.cancel(key));

  /** Gives an upload up, here and at the server. */
  cancel(key: string): void {
    const job = this.of(key);
    if (!job) return;
    this.halt(job, job.state);
    this.forgetThere(job);
    this.remove(job);
    if (job.state !== "done") this.all--;
    this.next();
  }

  /** Tries at once what waits for its next try: the way to the server may be open again. */
  wake = (): void => {
    for (const job of this.jobs) if (job.state === "retrying" && job.trouble?.code !== "rate_limited") this.run(job);
  };

  /** Whether something would be lost with the page: a file that the browser cannot find again by itself. */
  atRisk = (): boolean =>
    this.jobs.some((j) => !j.kept.handle && !isKeptWhole(j.kept.key) && (busy.has(j.state) || ((j.state === "waiting" || j.state === "paused") && j.file !== undefined)));

  private each(which: (job: Job) => boolean, what: (key: string) => void): void {
    for (const job of this.jobs.filter(which)) what(job.kept.key);
  }

  private of = (key: string) => this.jobs.find((j) => j.kept.key === key);

  private put(one: Kept, file: File | undefined, state: State): Job {
    if (!this.jobs.some((j) => j.state !== "done" && j.state !== "failed")) this.all = this.done = 0;
    const job: Job = { kept: one, file, state, sent: one.sent, pace: new Pace(), trouble: null, retryAt: 0, failures: 0 };
    this.all++;
    this.jobs.push(job);
    this.own.add(one.key);
    this.own.add(one.id);
    return job;
  }

  private claim(job: Job): void {
    void claim(job.kept.key).then((free) => {
      if (this.jobs.includes(job)) job.free = free ?? undefined;
      else free?.();
    });
  }

  private given(job: Job, file: File, handle: Handle | undefined): void {
    job.file = file;
    job.kept.lastModified = file.lastModified;
    job.kept.handle = handle;
    this.line(job);
    this.keep(job);
  }

  private line(job: Job): void {
    job.state = "waiting";
    job.trouble = null;
    job.kept.paused = false;
  }

  private async find(job: Job, ask: boolean): Promise<boolean> {
    const { handle } = job.kept;
    if (!handle) return false;
    const found = await fileOf(job.kept, handle, ask);
    if (found instanceof File) job.file = found;
    else if (found === "gone") {
      // Only its person can tell where it is.
      job.kept.handle = undefined;
      this.keep(job);
    }
    return job.file !== undefined;
  }

  private next(): void {
    if (this.running) {
      let room = parallel - this.jobs.filter((j) => busy.has(j.state)).length;
      for (const job of this.jobs) {
        if (room <= 0) break;
        if (job.state !== "waiting" || !job.file) continue;
        room--;
        this.run(job);
      }
    }
    this.show(true);
  }

  private run(job: Job): void {
    clearTimeout(job.timer);
    job.stop?.();
    job.state = "sending";
    job.trouble = null;
    job.pace.reset();
    job.stop = send(job.file!, job.kept, {
      begun: (id) => {
        if (job.kept.id === id) return;
        job.kept.id = id;
        this.own.add(id);
        this.keep(job);
      },
      moved: (sent) => {
        job.sent = sent;
        job.pace.moved(sent);
        if (sent >= job.kept.size) job.state = "checking";
        this.show(false);
      },
      stored: (sent) => {
        job.kept.sent = sent;
        job.failures = 0;
        if (sent < job.kept.size) this.keep(job);
      },
      done: (videoId) => this.finished(job, videoId),
      failed: (why) => void this.failed(job, why),
    });
  }

  private finished(job: Job, videoId: string): void {
    job.state = "done";
    job.sent = job.kept.size;
    this.done++;
    void drop(job.kept.key);
    job.timer = setTimeout(() => {
      this.remove(job);
      this.show(true);
    }, stays);
    this.next();
    if (!videoId) return;
    // The library hears of the video anyway; this is only sooner.
    call<VideoDocument>(`/api/videos/${encodeURIComponent(videoId)}`).then((video) => this.accepted(video), () => {});
  }

  private async failed(job: Job, why: Diagnosis): Promise<void> {
    job.stop = undefined;
    job.sent = job.kept.sent;
    job.trouble = { code: why.code, message: why.message, again: why.again };
    const changed = why.code === "network" && !(await readable(job.file!));
    if (why.remedy === "token" && currentSession()?.account) await renew();
    else if (why.remedy === "token" && currentSession()) signOut("ended");
    if (!this.jobs.includes(job) || !busy.has(job.state)) return; // paused or given up meanwhile
    if (changed) {
      job.trouble = { code: "file_changed", message: "", again: true };
      job.state = "failed";
    } else if (why.remedy === "none") {
      job.state = "failed";
      // A refused upload is gone at the server, too.
      if (!why.again) job.kept.id = "";
      if (noRoom.has(why.code)) this.pauseAll();
    } else {
      if (why.remedy === "anew") {
        Object.assign(job.kept, { id: "", sent: 0 });
        job.sent = 0;
        this.keep(job);
      }
      this.later(job, why.remedy === "anew" ? 0 : pause(job.failures++, why.wait));
    }
    if (job.state === "failed") void drop(job.kept.key);
    this.next();
  }

  private later(job: Job, wait: number): void {
    if (!this.running) {
      job.state = "waiting";
      return;
    }
    job.state = "retrying";
    job.retryAt = Date.now() + wait;
    job.timer = setTimeout(() => this.run(job), wait);
  }

  private halt(job: Job, state: State): void {
    clearTimeout(job.timer);
    job.stop?.();
    job.stop = undefined;
    job.pace.reset();
    job.state = state;
    job.kept.paused = state === "paused";
    if (state !== "done") job.sent = Math.max(job.kept.sent, 0);
  }

  /** Tells the server that nothing more comes of an upload. */
  private forgetThere(job: Job): void {
    const { id } = job.kept;
    job.kept.id = "";
    if (id && job.state !== "done") void discard(id).catch(() => {});
  }

  private remove(job: Job): void {
    this.jobs = this.jobs.filter((j) => j !== job);
    job.free?.();
    void drop(job.kept.key);
  }

  private empty(): void {
    for (const job of this.jobs) {
      this.halt(job, "waiting");
      job.free?.();
    }
    this.jobs = [];
    this.all = this.done = 0;
    this.ready = false;
    this.show(true);
  }

  private keep(job: Job): void {
    if (this.jobs.includes(job)) void keep(job.kept, job.file);
  }

  private show(now: boolean): void {
    if (!now) {
      this.timer ??= setTimeout(() => this.show(true), showEvery);
      return;
    }
    clearTimeout(this.timer);
    this.timer = undefined;
    this.shown = { list: this.jobs.map(shownOf), total: this.all, done: this.done, elsewhere: this.elsewhere, ready: this.ready };
    for (const listener of this.listeners) listener();
  }
}

export const queue = new Queue();
