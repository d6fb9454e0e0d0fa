import { DetailedError, Upload as Tus } from "tus-js-client";
import { freshToken } from "../../lib/session";
import { titleOf } from "./job";
import { diagnose, type Diagnosis } from "./trouble";

/** Where uploads begin. */
const endpoint = "/api/uploads";
/** How many bytes a request brings: what the server has confirmed is on its disk, and the token is looked at anew. */
const piece = 8 << 20;
/** How long nothing may move before a try is given up, in ms: a connection that has died silently tells nobody. */
const stalled = 45_000;

export interface Ears {
  /** The server knows the upload by this id. */
  begun(id: string): void;
  /** So many bytes were given to the network. */
  moved(sent: number): void;
  /** So many bytes are on the server's disk. */
  stored(sent: number): void;
  /** It is a video, by this id; "" when the server makes it later. */
  done(videoId: string): void;
  failed(why: Diagnosis): void;
}

/**
 * Sends a file, or what is left of it where the server has its beginning. The
 * server repeats the key in all that it tells of the upload. One try: what follows a failure
 * is the caller's.
 */
export function send(file: File, { id, key }: { id: string; key: string }, ears: Ears): () => void {
  let stopped = false;
  let watch: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    stopped = true;
    clearTimeout(watch);
    void upload.abort();
  };
  const end = (tell: () => void) => {
    if (stopped) return;
    stopped = true;
    clearTimeout(watch);
    tell();
  };
  const alive = (sent: number) => {
    clearTimeout(watch);
    // With the last byte sent the server may take its time: it looks at the file, and moves it where it belongs.
    if (sent < file.size) watch = setTimeout(() => { stop(); ears.failed(diagnose(null, id !== "")); }, stalled);
  };

  const upload: Tus = new Tus(file, {
    // With both, a refusal of what is there would begin the upload again, from its first byte.
    ...(id ? { uploadUrl: new URL(`${endpoint}/${encodeURIComponent(id)}`, location.origin).href } : { endpoint }),
    metadata: { filename: file.name, title: titleOf(file.name), filetype: file.type, key },
    chunkSize: piece,
    retryDelays: null,
    storeFingerprintForResuming: false,
    onBeforeRequest: async (request) => {
      request.setHeader("authorization", `Bearer ${await freshToken()}`);
      request.setHeader("accept", "application/json");
      if (stopped) throw new Error("stopped");
    },
    onUploadUrlAvailable: () => {
      if (stopped || !upload.url) return;
      ears.begun(decodeURIComponent(new URL(upload.url, location.origin).pathname.split("/").at(-1) ?? ""));
    },
    onProgress: (sent) => {
      if (stopped) return;
      alive(sent);
      ears.moved(sent);
    },
    onChunkComplete: (_piece, sent) => {
      if (!stopped) ears.stored(sent);
    },
    onSuccess: ({ lastResponse }) => end(() => ears.done(lastResponse?.getHeader("Reelroom-Video-Id") ?? "")),
    onError: (error) => {
      const response = error instanceof DetailedError ? error.originalResponse : null;
      const answer = response && { status: response.getStatus(), body: response.getBody(), retryAfter: response.getHeader("Retry-After") };
      end(() => ears.failed(diagnose(answer, id !== "")));
    },
  });
  alive(0);
  upload.start();
  return stop;
}
