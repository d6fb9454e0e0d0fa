// A client of a batch: many files in one request, then a WebSocket that tells how
// far it is, which it keeps alive with the text "ping"; and a look at the status
// by HTTP for when the socket does not work.
import WebSocket from "ws";

export async function uploadBatch(base, headers, files) {
  const form = new FormData();
  for (const { name, content } of files) form.append("files", new Blob([content]), name);
  const response = await fetch(`${base}/batch/upload`, { method: "POST", headers, body: form });
  if (!response.ok) throw new Error(`upload: ${response.status} ${await response.text()}`);
  return (await response.json()).job_id;
}

export async function batchStatus(base, headers, jobId) {
  const response = await fetch(`${base}/batch/${jobId}/status`, { headers });
  if (!response.ok) throw new Error(`status: ${response.status}`);
  return response.json();
}

export async function cancelBatch(base, headers, jobId) {
  const response = await fetch(`${base}/batch/${jobId}/cancel`, { method: "POST", headers });
  if (!response.ok) throw new Error(`cancel: ${response.status}`);
  return response.json();
}

const ended = ["complete", "failed", "cancelled"];

/** Resolves with the last message once the batch has ended. */
export function watchBatch(base, jobId, token, onProgress, pingEvery = 1_000) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${base.replace(/^http/, "ws")}/ws/batch/${jobId}?token=${token}`);
    let last;
    const heart = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send("ping"), pingEvery);
    socket.onmessage = ({ data }) => {
      last = JSON.parse(data);
      const { status, progress, processed, total, eta_seconds: eta } = last;
      onProgress({ status, progress, processed, total, eta });
      if (ended.includes(status)) socket.close();
    };
    socket.onerror = (event) => reject(event.error ?? new Error("the socket failed"));
    socket.onclose = ({ code }) => {
      clearInterval(heart);
      if (last && ended.includes(last.status)) resolve(last);
      else reject(new Error(`closed with ${code} before the end`));
    };
  });
}
