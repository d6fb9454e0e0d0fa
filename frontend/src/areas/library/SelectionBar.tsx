import { Button, CloseButton } from "@mantine/core";
import { useLibraryStore, type VideoDocument } from "@reelroom/react";
import { Ban, RotateCcw, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { number } from "../../lib/words";
import { toast } from "../../lib/toast";
import { cancelAll, isActive, mayRetry, retryAll } from "./deeds";
import { deletions } from "./deletions";
import { selection } from "./selection";

/** What can be done with all that were chosen. */
export function SelectionBar({ chosen }: { chosen: ReadonlySet<string> }) {
  const { t } = useTranslation("library");
  const store = useLibraryStore();
  const withAll = (what: (videos: VideoDocument[]) => unknown, only?: (video: VideoDocument) => boolean) => () => {
    const videos = [...chosen].map((id) => store.getVideo(id).video).filter((video) => video !== null);
    const meant = only ? videos.filter(only) : videos;
    if (meant.length === 0) return void toast({ message: t("chosen.none") });
    what(meant);
    selection.clear();
  };
  return (
    <div className="panel floating chosenBar" role="toolbar" aria-label={t("chosen.label")}>
      <span className="number" role="status">{t("chosen.count", { count: chosen.size, n: number(chosen.size) })}</span>
      <Button size="compact-md" variant="default" leftSection={<Ban size={16} aria-hidden />} onClick={withAll((videos) => cancelAll(store, videos), isActive)}>{t("chosen.cancel")}</Button>
      <Button size="compact-md" variant="default" leftSection={<RotateCcw size={16} aria-hidden />} onClick={withAll((videos) => retryAll(store, videos), mayRetry)}>{t("chosen.retry")}</Button>
      <Button size="compact-md" variant="default" className="danger" leftSection={<Trash2 size={16} aria-hidden />} onClick={withAll((videos) => deletions.add(store, videos))}>{t("chosen.delete")}</Button>
      <CloseButton aria-label={t("chosen.clear")} onClick={() => selection.clear()} />
    </div>
  );
}
