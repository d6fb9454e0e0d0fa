/** How far back the speed of an upload looks, in ms: its figure moves calmly. */
const memory = 5_000;

/** The speed of one upload. */
export class Pace {
  private at = 0;
  private sent = 0;
  /** Bytes a second; 0 while that is not known. */
  speed = 0;

  /** Begins to measure anew, where the upload goes on. */
  reset(): void {
    this.at = this.speed = 0;
  }

  moved(sent: number, now = performance.now()): void {
    if (this.at === 0 || sent < this.sent) {
      this.at = now;
      this.sent = sent;
      return;
    }
    const passed = now - this.at;
    if (passed < 400) return;
    const recent = ((sent - this.sent) * 1000) / passed;
    const weight = this.speed === 0 ? 1 : 1 - Math.exp(-passed / memory);
    this.speed += (recent - this.speed) * weight;
    this.at = now;
    this.sent = sent;
  }
}
