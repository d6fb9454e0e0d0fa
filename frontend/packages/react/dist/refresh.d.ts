import { type Token } from "./api.js";
import type { RefreshAck, Timestamp } from "./contract.js";
/** Gives the server a fresh token before the old one ends, so that the connection lives on. */
export declare class Refresh {
    private readonly token;
    private readonly send;
    private timer;
    private round;
    constructor(token: Token | undefined, send: (token: string, answer: (ack: RefreshAck) => void) => void);
    /** The token that ends then is to be replaced. Without a function there is no other one. */
    begin(expiresAt: Timestamp): void;
    stop(): void;
    private attempt;
}
