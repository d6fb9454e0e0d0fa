import { useLibraryStore, type VideoDocument } from "@reelroom/react";
import { Ban, MoreVertical, Pencil, RotateCcw, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { LazyMenu } from "../../parts/LazyMenu";
import { cancelAll, isActive, mayRetry, retryAll } from "./deeds";
import { deletions } from "./deletions";
import { askName } from "./naming";

/** What an editor may do with a video, in a menu. A deletion can be undone for a while; onDeleted is called at once. */
export function Actions({ video, onDeleted }: { video: VideoDocument; onDeleted?: () => void }) {
  const { t } = useTranslation("library");
  const store = useLibraryStore();
  const items = [
    ...(isActive(video) ? [{ label: t("act.cancel"), icon: <Ban size={16} />, run: () => void cancelAll(store, [video]) }] : []),
    ...(mayRetry(video) ? [{ label: t("act.retry"), icon: <RotateCcw size={16} />, run: () => void retryAll(store, [video]) }] : []),
    { label: t("act.rename"), icon: <Pencil size={16} />, run: () => askName(video.id) },
    {
      label: t("act.delete"),
      icon: <Trash2 size={16} />,
      danger: true,
      run: () => {
        deletions.add(store, [video]);
        onDeleted?.();
      },
    },
  ];
  return <LazyMenu variant="subtle" color="gray" label={t("act.label", { title: video.title })} icon={<MoreVertical size={18} />} width={210} items={items} />;
}
