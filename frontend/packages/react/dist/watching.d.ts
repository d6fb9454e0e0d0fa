import type { SubscribeAck } from "./contract.js";
import type { Link } from "./link.js";
/** Who watches which video here, and what the server's session is known to follow. */
export declare class Watching {
    private readonly link;
    private readonly answered;
    private readonly counts;
    /** Ids that were asked for: true once the server has said yes. A request or an answer may get lost. */
    private readonly asked;
    constructor(link: Link, answered: (id: string, ack: SubscribeAck) => void);
    has(id: string): boolean;
    ids(): Iterable<string>;
    add(id: string): void;
    /** Returns true when nobody watches the video any more. */
    remove(id: string): boolean;
    /** The server's session is a new one, which follows nothing yet. */
    forget(): void;
    /** Sends again what may have been lost with the connection. */
    mend(): void;
    /** Follows nothing any more. */
    stop(): void;
    /** Follows a video, and asks for its present state. */
    ask(id: string): void;
    private leave;
}
