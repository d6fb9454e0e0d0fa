import { useLibraryStore, type VideoDocument } from "@reelroom/react";
import { useMutation } from "@tanstack/react-query";
import { Ban, MoreVertical, RotateCcw, Trash2 } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { cancelVideo, deleteVideo, retryVideo } from "../../lib/api";
import { toast } from "../../lib/toast";
import { LazyMenu } from "../../parts/LazyMenu";

const AskDeletion = lazy(() => import("./AskDeletion"));

/** What an editor may do with a video, in a menu; deletion asks first. */
export function Actions({ video, onDeleted }: { video: VideoDocument; onDeleted?: () => void }) {
  const store = useLibraryStore();
  const [asking, setAsking] = useState(false);
  const take = (answer: VideoDocument | undefined) => {
    if (answer?.id) store.put(answer);
  };
  const onError = (error: Error) => void toast({ tone: "bad", message: error.message });
  const cancel = useMutation({ mutationFn: () => cancelVideo(video.id), onSuccess: take, onError });
  const retry = useMutation({ mutationFn: () => retryVideo(video.id), onSuccess: take, onError });
  const remove = useMutation({
    mutationFn: () => deleteVideo(video.id),
    onSuccess: () => {
      setAsking(false);
      store.forget(video.id);
      onDeleted?.();
    },
  });
  const active = video.status === "queued" || video.status === "processing";
  const again = video.status === "failed" || video.status === "cancelled";
  const items = [
    ...(active ? [{ label: "Cancel processing", icon: <Ban size={16} />, run: () => cancel.mutate() }] : []),
    ...(again ? [{ label: "Try again", icon: <RotateCcw size={16} />, run: () => retry.mutate() }] : []),
    { label: "Delete…", icon: <Trash2 size={16} />, danger: true, run: () => setAsking(true) },
  ];

  return (
    <>
      <LazyMenu
        variant="subtle"
        color="gray"
        label={`Actions for ${video.title}`}
        loading={cancel.isPending || retry.isPending}
        icon={<MoreVertical size={18} />}
        width={190}
        items={items}
      />
      {asking && (
        <Suspense fallback={null}>
          <AskDeletion title={video.title} error={remove.error?.message} busy={remove.isPending} onKeep={() => setAsking(false)} onDelete={() => remove.mutate()} />
        </Suspense>
      )}
    </>
  );
}
