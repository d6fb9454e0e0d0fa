import { resolveToken, type Token } from "./api.js";
import type { RefreshAck, Timestamp } from "./contract.js";

/** Tries in the minute between the server's word and the token's end, and the time between two, in ms. */
const maxTries = 5;
const tryWait = 10_000;

/** Gives the server a fresh token before the old one ends, so that the connection lives on. */
export class Refresh {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private round = 0;

  constructor(
    private readonly token: Token | undefined,
    private readonly send: (token: string, answer: (ack: RefreshAck) => void) => void,
  ) {}

  /** The token that ends then is to be replaced. Without a function there is no other one. */
  begin(expiresAt: Timestamp): void {
    this.stop();
    if (typeof this.token === "function") void this.attempt(this.token, expiresAt, this.round, 1);
  }

  stop(): void {
    this.round++;
    clearTimeout(this.timer);
  }

  private async attempt(make: () => string | Promise<string>, expiresAt: Timestamp, round: number, tries: number): Promise<void> {
    if (tries < maxTries) this.timer = setTimeout(() => void this.attempt(make, expiresAt, round, tries + 1), tryWait);
    let token: string;
    try {
      token = await resolveToken(make);
    } catch {
      return; // the next try asks again
    }
    if (round !== this.round || !token) return;
    this.send(token, (ack) => {
      // The same token once more is no step on: the function may have a newer one later.
      if (round === this.round && ack.ok && Date.parse(ack.expiresAt) > Date.parse(expiresAt)) this.stop();
    });
  }
}
