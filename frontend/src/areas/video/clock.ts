/** Where the player is, for those beside it that follow: seconds. */
export interface Moment {
  time: number;
  /** As the player knows it; 0 before that. */
  duration: number;
}

type Target = (seconds: number) => void;

/** Ties the player to what lies beside it, without drawing the page again for every tick. */
export class Clock {
  private moment: Moment = { time: 0, duration: 0 };
  private readonly listeners = new Set<() => void>();
  private target: Target | undefined;

  readonly read = (): Moment => this.moment;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  /** The player tells where it is. */
  set(time: number, duration: number): void {
    if (time === this.moment.time && duration === this.moment.duration) return;
    this.moment = { time, duration };
    for (const listener of this.listeners) listener();
  }

  /** The player takes wishes from here on, until the returned function is called. */
  attach(target: Target): () => void {
    this.target = target;
    return () => {
      if (this.target === target) this.target = undefined;
    };
  }

  /** Whether there is a player. */
  get attached(): boolean {
    return this.target !== undefined;
  }

  seek(seconds: number): void {
    this.target?.(Math.max(0, seconds));
  }
}
