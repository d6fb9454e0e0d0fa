/** How long changes are gathered before the listeners hear of them, in ms: one frame. */
const frame = 16;

/** Tells listeners about changes, at most once a frame, so that a burst of events is one render. */
export class Notifier {
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  get size(): number {
    return this.listeners.size;
  }

  add(listener: () => void): () => void {
    // Wrapped, so that the same function may be given twice.
    const entry = () => listener();
    this.listeners.add(entry);
    return () => this.listeners.delete(entry);
  }

  changed(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      for (const listener of [...this.listeners]) listener();
    }, frame);
  }
}
