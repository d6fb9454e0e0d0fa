/** Tells listeners about changes of what they listen to, at most once a frame, so that a burst of events is one render. */
export declare class Notifier {
    private readonly topics;
    private readonly dirty;
    private timer;
    hears(topic: string): boolean;
    add(listener: () => void, topic?: string): () => void;
    changed(topic: string): void;
}
