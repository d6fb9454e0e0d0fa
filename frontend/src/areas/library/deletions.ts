import { ReelroomError, type LibraryStore, type VideoDocument } from "@reelroom/react";
import i18next from "i18next";
import { deleteVideo } from "../../lib/api";
import { said } from "../../lib/said";
import { currentSession } from "../../lib/session";
import { toast } from "../../lib/toast";

/** How long a deletion can be undone, in ms. */
const regret = 8_000;
/** How many can be undone at a time; the oldest is carried out when there are more. */
const most = 3;
/** How many requests run at once, and the waits before one is sent again that failed in passing, in ms. */
const parallel = 4;
const waits = [1_000, 4_000];

interface Deletion {
  key: string;
  store: LibraryStore;
  videos: VideoDocument[];
  /** Brings each back into sight. */
  back: Map<string, () => void>;
}

/** Deletions that can still be undone, and those on their way. They outlive the page that they were made on. */
class Deletions {
  private readonly pending = new Map<string, Deletion>();
  /** Whose requests are on their way. */
  private readonly sending = new Set<string>();
  private count = 0;

  /** Takes videos out of sight at once; they are deleted when nobody has undone it. */
  add(store: LibraryStore, videos: VideoDocument[]): void {
    if (videos.length === 0) return;
    if (this.pending.size >= most) this.commit([...this.pending.values()][0]!);
    const key = `deletion-${++this.count}`;
    const deletion: Deletion = { key, store, videos, back: new Map(videos.map(({ id }) => [id, store.hide(id)])) };
    this.pending.set(key, deletion);
    toast({
      id: key,
      message: videos.length === 1 ? i18next.t("library:deleted.one", { title: videos[0]!.title }) : i18next.t("library:deleted.many", { count: videos.length }),
      action: { label: i18next.t("library:undo"), run: () => this.undo(key) },
      stays: regret,
      gone: () => this.commit(deletion),
    }).catch(() => setTimeout(() => this.commit(deletion), regret));
  }

  /** Takes back one deletion, or the last. */
  undo(key = [...this.pending.keys()].at(-1)): void {
    const deletion = this.pending.get(key ?? "");
    if (!deletion) return;
    this.pending.delete(deletion.key);
    for (const show of deletion.back.values()) show();
    hideToast(deletion.key);
  }

  /** Carries out all that wait, for instance before the session ends. */
  async flush(): Promise<void> {
    await Promise.all([...this.pending.values()].map((deletion) => this.commit(deletion)));
  }

  /** The page goes away: what waits is sent by itself, as nobody can undo it any more. */
  leave = (): void => {
    const token = currentSession()?.token;
    const ids = [...this.pending.values()].flatMap(({ videos }) => videos.map(({ id }) => id));
    for (const id of [...this.sending, ...ids]) {
      void fetch(`/api/videos/${encodeURIComponent(id)}`, { method: "DELETE", keepalive: true, headers: token ? { authorization: `Bearer ${token}` } : {} }).catch(() => {});
    }
    this.pending.clear();
  };

  private async commit(deletion: Deletion): Promise<void> {
    if (!this.pending.delete(deletion.key)) return;
    hideToast(deletion.key);
    const left = [...deletion.videos];
    for (const { id } of left) this.sending.add(id);
    const refused: [VideoDocument, unknown][] = [];
    const work = async () => {
      for (let video = left.shift(); video; video = left.shift()) {
        try {
          await send(video.id);
          deletion.store.forget(video.id);
        } catch (cause) {
          refused.push([video, cause]);
          deletion.back.get(video.id)?.();
        } finally {
          this.sending.delete(video.id);
        }
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
    if (refused.length === 0) return;
    const [[video, cause]] = refused as [[VideoDocument, unknown]];
    const put = { title: video.title, count: refused.length, why: said(cause) };
    void toast({ tone: "bad", stays: 12_000, message: refused.length === 1 ? i18next.t("library:notDeleted.one", put) : i18next.t("library:notDeleted.many", put) });
  }
}

const hideToast = (key: string) => void import("../../parts/Toasts").then(({ hide }) => hide(key), () => {});

/** Deletes, and tries again where the trouble may pass. Who is gone already is deleted. */
async function send(id: string): Promise<void> {
  for (let i = 0; ; i++) {
    try {
      return await deleteVideo(id);
    } catch (cause) {
      if (!(cause instanceof ReelroomError)) throw cause;
      if (cause.status === 404) return;
      const passing = cause.code === "network" || cause.status === 429 || cause.status === 503;
      if (!passing || i >= waits.length) throw cause;
      await new Promise((resolve) => setTimeout(resolve, waits[i]));
    }
  }
}

export const deletions = new Deletions();
addEventListener("pagehide", deletions.leave);
