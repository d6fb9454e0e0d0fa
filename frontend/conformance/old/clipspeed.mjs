// A client of one job over a raw WebSocket: the state first, then progress, then
// completed or failed. A code of 1000 means done, 4001 and 4003 that trying again
// is of no use; after anything else it tries again, five times at most, with
// pauses that grow. It does not know where it was.
import WebSocket from "ws";

const maxRetries = 5;

export function watchJob(base, jobId, token, { onState, onProgress, onCompleted, onFailed, onClosed, onPing }, pause = 200) {
  let retries = 0;
  let socket;
  let ended = false;

  const open = () => {
    const query = new URLSearchParams({ ...(jobId && { jobId }), ...(token && { token }) });
    socket = new WebSocket(`${base.replace(/^http/, "ws")}/ws?${query}`);
    socket.on("ping", () => onPing?.());
    socket.onmessage = ({ data }) => {
      retries = 0;
      const message = JSON.parse(data);
      switch (message.type) {
        case "state":
          onState?.(message);
          break;
        case "progress":
          onProgress?.({ jobId: message.jobId, stage: message.stage, pct: message.pct, message: message.message });
          break;
        case "completed":
          onCompleted?.(message.jobId, message.result);
          break;
        case "failed":
          onFailed?.(message.jobId, message.error);
          break;
        default:
      }
    };
    socket.onerror = () => {};
    socket.onclose = ({ code, reason }) => {
      if (ended || code === 1000 || code === 4001 || code === 4003 || retries >= maxRetries) {
        onClosed?.({ code, reason: String(reason), retries });
        return;
      }
      setTimeout(open, Math.min(pause * 2 ** retries++, 10_000));
    };
  };
  open();
  return {
    send: (text) => socket.send(text),
    close: () => {
      ended = true;
      socket.close();
    },
  };
}
