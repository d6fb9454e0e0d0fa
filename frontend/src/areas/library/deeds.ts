import { permanentCodes, type LibraryStore, type VideoDocument } from "@reelroom/react";
import i18next from "i18next";
import { cancelVideo, renameVideo, retryVideo } from "../../lib/api";
import { said } from "../../lib/said";
import { toast } from "../../lib/toast";

export const isActive = ({ status }: VideoDocument) => status === "queued" || status === "processing";
/** Whether the reason why a video failed is the file itself, which no other attempt changes. */
export const isPermanent = ({ status, code }: VideoDocument) => status === "failed" && code !== null && permanentCodes.includes(code);
export const mayRetry = (video: VideoDocument) => video.status === "cancelled" || (video.status === "failed" && !isPermanent(video));

const take = (store: LibraryStore, answer: VideoDocument | undefined) => {
  if (answer?.id) store.put(answer);
};

/** Does something with each, a few at a time, and says once what could not be done. */
async function each(videos: readonly VideoDocument[], what: (video: VideoDocument) => Promise<void>): Promise<void> {
  const left = [...videos];
  const refused: [VideoDocument, unknown][] = [];
  const work = async () => {
    for (let video = left.shift(); video; video = left.shift()) await what(video).catch((cause) => refused.push([video!, cause]));
  };
  await Promise.all(Array.from({ length: 4 }, work));
  if (refused.length === 0) return;
  const [video, cause] = refused[0]!;
  const put = { title: video.title, count: refused.length, why: said(cause) };
  void toast({ tone: "bad", stays: 12_000, message: refused.length === 1 ? i18next.t("library:refused.one", put) : i18next.t("library:refused.many", put) });
}

/** Ends the processing of those that wait or run. */
export const cancelAll = (store: LibraryStore, videos: readonly VideoDocument[]) =>
  each(videos.filter(isActive), async ({ id }) => take(store, await cancelVideo(id)));

/** Processes those again that were cancelled, or failed for a reason that may pass. */
export const retryAll = (store: LibraryStore, videos: readonly VideoDocument[]) =>
  each(videos.filter(mayRetry), async ({ id }) => take(store, await retryVideo(id)));

/** Shows the new title at once; it goes back when the server refuses it. */
export async function rename(store: LibraryStore, video: VideoDocument, title: string): Promise<void> {
  const back = store.rename(video.id, title);
  await each([video], async ({ id }) => {
    try {
      take(store, await renameVideo(id, title));
    } catch (cause) {
      back();
      throw cause;
    }
  });
}
