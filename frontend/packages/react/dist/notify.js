/** How long changes are gathered before the listeners hear of them, in ms: one frame. */
const frame = 16;
/** The topic that hears of every other. */
const everything = "";
/** Tells listeners about changes of what they listen to, at most once a frame, so that a burst of events is one render. */
export class Notifier {
    topics = new Map();
    dirty = new Set();
    timer;
    hears(topic) {
        return this.topics.has(topic);
    }
    add(listener, topic = everything) {
        // Wrapped, so that the same function may be given twice.
        const entry = () => listener();
        let listeners = this.topics.get(topic);
        if (!listeners)
            this.topics.set(topic, (listeners = new Set()));
        listeners.add(entry);
        return () => {
            listeners.delete(entry);
            if (listeners.size === 0 && this.topics.get(topic) === listeners)
                this.topics.delete(topic);
        };
    }
    changed(topic) {
        this.dirty.add(topic);
        this.timer ??= setTimeout(() => {
            this.timer = undefined;
            const topics = [...this.dirty, everything];
            this.dirty.clear();
            for (const name of topics)
                for (const listener of [...(this.topics.get(name) ?? [])])
                    listener();
        }, frame);
    }
}
