import { asError, isFinal, type ReelroomError } from "./api.js";
import type { VideoEventName, VideoPayload } from "./apply.js";

/** The least time between two askings, and until a failed one is tried again, in ms. */
const pause = 500;
const retryWait = 3_000;

/** An answer of the server as it stands. The same object until something changes. */
export interface Answer<T> {
  /** A value stays in sight while it cannot be had again: then there is an error, too. */
  state: "loading" | "ready" | "missing" | "error";
  value: T | null;
  error: ReelroomError | null;
}

/** What is asked, and when it may have changed. */
export interface Question<T> {
  /** The same for what is the same. */
  readonly name: string;
  ask(signal: AbortSignal): Promise<T>;
  /** Tells whether an event may change the answer. */
  concerns(name: VideoEventName, payload: VideoPayload): boolean;
  /** Makes the answer from the fresh one and the one before. */
  merge(fresh: T, held: T | null): T;
  /** After how long, in ms, it may have changed without an event; null for never. */
  changesIn(value: T): number | null;
}

const nothing: Answer<never> = { state: "loading", value: null, error: null };

/** One question that is asked again when an event concerns it, and not by the clock. */
class Look<T> {
  users = 0;
  answer: Answer<T> = nothing;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking: AbortController | undefined;
  private again = false;

  constructor(
    readonly question: Question<T>,
    private readonly changed: () => void,
  ) {}

  /** It may have changed: asks soon, and once for all that happens until then. */
  stir(wait = pause): void {
    if (this.asking) this.again = true;
    else this.timer ??= setTimeout(() => void this.ask(), wait);
  }

  /** Asks at once. */
  now(): void {
    this.stop();
    void this.ask();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.asking?.abort();
    this.asking = undefined;
  }

  private async ask(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.again = false;
    const mine = (this.asking = new AbortController());
    let next: number | null;
    try {
      const value = this.question.merge(await this.question.ask(mine.signal), this.answer.value);
      if (mine.signal.aborted) return;
      this.answer = { state: "ready", value, error: null };
      next = this.question.changesIn(value);
    } catch (cause) {
      if (mine.signal.aborted) return;
      const error = asError(cause);
      const missing = error.status === 404;
      this.answer = { state: missing ? "missing" : "error", value: missing ? null : this.answer.value, error };
      next = isFinal(error) ? null : retryWait;
    }
    this.asking = undefined;
    this.changed();
    if (this.again) this.stir();
    else if (next !== null) this.stir(next);
  }
}

/** The questions that are asked just now, each once however many want to know. */
export class Looks {
  private readonly looks = new Map<string, Look<unknown>>();

  constructor(
    private readonly open: () => boolean,
    private readonly changed: (name: string) => void,
  ) {}

  get<T>({ name }: Question<T>): Answer<T> {
    return (this.looks.get(name)?.answer as Answer<T> | undefined) ?? nothing;
  }

  /** Counts a user in; the returned function counts it out. */
  use<T>(question: Question<T>): () => void {
    const { name } = question;
    let look = this.looks.get(name) as Look<T> | undefined;
    if (!look) {
      look = new Look(question, () => this.changed(name));
      this.looks.set(name, look as Look<unknown>);
      if (this.open()) look.now();
    }
    const mine = look;
    mine.users++;
    return () => {
      mine.users--;
      setTimeout(() => {
        if (mine.users > 0 || this.looks.get(name) !== mine) return;
        mine.stop();
        this.looks.delete(name);
      }, 0);
    };
  }

  /** An event has come. */
  heard(name: VideoEventName, payload: VideoPayload): void {
    for (const look of this.looks.values()) if (look.question.concerns(name, payload)) look.stir();
  }

  /** Events may have been lost. */
  lost(): void {
    for (const look of this.looks.values()) look.now();
  }

  /** The server can be asked again. */
  up(): void {
    for (const look of this.looks.values()) if (look.answer.state === "loading" || look.answer.state === "error") look.now();
  }

  stop(): void {
    for (const look of this.looks.values()) look.stop();
  }
}
