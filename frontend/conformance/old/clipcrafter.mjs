// A client of one job over Server-Sent Events, by the platform's EventSource: a
// message is the job, the first one its present state. It closes when the job
// has ended, and leaves reconnecting to EventSource.
import { EventSource } from "eventsource";

export function followJob(url, { onUpdate, onDone, onError }, options) {
  const source = new EventSource(url, options);
  source.onmessage = (event) => {
    const job = JSON.parse(event.data);
    onUpdate?.(job, event.lastEventId);
    if (job.status === "complete" || job.status === "failed") {
      source.close();
      onDone?.(job);
    }
  };
  source.onerror = (event) => onError?.(event, source.readyState === EventSource.CLOSED);
  return () => source.close();
}
