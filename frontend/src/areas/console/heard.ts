import { eventNames, useLibraryStore, type EventName } from "@reelroom/react";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";

/** An event as it was heard. */
export interface Heard {
  key: number;
  at: number;
  name: EventName;
  video: string;
  cursor: string;
  payload: unknown;
}

/** How many are kept. */
const kept = 500;
/** How often the page is told of new ones, in ms: a hundred a second are drawn four times. */
const pause = 250;

export interface HeardEvents {
  events: readonly Heard[];
  /** What stays while paused; newer ones wait behind it. */
  paused: boolean;
  waiting: number;
  pause: (on: boolean) => void;
  clear: () => void;
}

/** The events of the organization, newest first, from when the console was opened. */
export function useHeard(): HeardEvents {
  const store = useLibraryStore();
  const [listening] = useState(() => new Listening());
  useEffect(() => {
    const stops = eventNames.map((name) =>
      store.on(name, ((payload: { videoId?: string } | null, ...rest: unknown[]) => listening.add(name, payload, rest)) as never),
    );
    return () => {
      for (const stop of stops) stop();
      listening.stop();
    };
  }, [store, listening]);
  const state = useSyncExternalStore(listening.subscribe, listening.get);
  return useMemo(() => ({ ...state, pause: listening.pause, clear: listening.clear }), [state, listening]);
}

class Listening {
  private all: Heard[] = [];
  private n = 0;
  private state: { events: readonly Heard[]; paused: boolean; waiting: number } = { events: [], paused: false, waiting: 0 };
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  get = () => this.state;

  add(name: EventName, payload: { videoId?: string } | null, rest: unknown[]): void {
    const cursor = rest.find((r) => typeof r === "string") as string | undefined;
    this.all.unshift({ key: ++this.n, at: Date.now(), name, video: payload?.videoId ?? "", cursor: cursor ?? "", payload });
    if (this.all.length > kept) this.all.length = kept;
    if (this.state.paused) this.state = { ...this.state, waiting: this.state.waiting + 1 };
    this.timer ??= setTimeout(this.tell, pause);
  }

  pause = (on: boolean) => {
    this.state = { ...this.state, paused: on, waiting: 0 };
    this.tell();
  };

  clear = () => {
    this.all = [];
    this.state = { ...this.state, events: [], waiting: 0 };
    this.tell();
  };

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private tell = () => {
    this.stop();
    this.state = { ...this.state, events: this.state.paused ? this.state.events : [...this.all] };
    for (const listener of this.listeners) listener();
  };
}
