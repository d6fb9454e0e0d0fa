import type { VideoDocument } from "@reelroom/react";
import i18next from "i18next";
import { loader } from "../../lib/load";
import { toast } from "../../lib/toast";
import { hasKept } from "./mark";
import type { Dropped, Picked } from "./picked";
import type { Queue } from "./queue";

const loadQueue = loader(() => import("./queue"));
const loadWalk = loader(() => import("./walk"));

/**
 * The uploads of this tab, as the rest of the page knows them. What sends files
 * comes with the first one, or where some are unfinished.
 */
class Door {
  /** Called with the server's document of each accepted file. */
  accepted: (video: VideoDocument) => void = () => {};
  private owner = "";
  private coming: Promise<Queue> | undefined;
  private wanted = false;
  private readonly listeners = new Set<() => void>();

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  /** Whether there is something to show. */
  isWanted = () => this.wanted;

  want = (): void => {
    if (this.wanted) return;
    this.wanted = true;
    for (const listener of this.listeners) listener();
  };

  /** Begins to work for a person: organization and user. */
  start(owner: string): void {
    this.owner = owner;
    if (hasKept() || this.coming) this.begin();
  }

  /** Loads what sends files, and goes on with what is unfinished. */
  begin = (): void => {
    this.want();
    void this.queue();
  };

  /** Ends all requests. What is unfinished goes on when the same person is back. */
  stop(): void {
    this.owner = "";
    void this.coming?.then((queue) => this.owner === "" && queue.stop());
  }

  /** Ends and forgets everything, at sign-out. */
  clear(): void {
    const { owner } = this;
    if (!hasKept() && !this.coming) return;
    this.stop();
    void this.load().then((queue) => queue.clear(owner));
  }

  /** Takes files, with their handles where the browser has lent them. */
  add(files: Iterable<File | Picked>): void {
    const picked = [...files].map((one) => (one instanceof File ? { file: one } : one));
    if (picked.length === 0) return;
    this.want();
    void this.queue().then((queue) => this.tell("full", queue.add(picked)));
  }

  /** Takes what was dropped or pasted: files, and folders with what is below them. */
  async addDropped(dropped: readonly Dropped[]): Promise<void> {
    const { walk } = await loadWalk();
    const { picked, left } = await walk(dropped);
    this.add(picked);
    this.tell("left", left);
  }

  private tell(word: "full" | "left", count: number): void {
    if (count > 0) void i18next.loadNamespaces("uploads").then(() => toast({ message: i18next.t(`uploads:${word}`, { count }) }));
  }

  private load(): Promise<Queue> {
    return (this.coming ??= loadQueue().then(({ queue }) => {
      queue.accepted = (video) => this.accepted(video);
      return queue;
    }));
  }

  private async queue(): Promise<Queue> {
    const queue = await this.load();
    if (this.owner) await queue.start(this.owner);
    return queue;
  }
}

export const uploads = new Door();
