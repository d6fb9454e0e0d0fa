import { ActionIcon, Alert, Button, Group, Menu, Modal, Text } from "@mantine/core";
import { useLibraryStore, type VideoDocument } from "@reelroom/react";
import { useMutation } from "@tanstack/react-query";
import { Ban, MoreVertical, RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import { cancelVideo, deleteVideo, retryVideo } from "../lib/api";

/** What an editor may do with a video, in a menu; deletion asks first. */
export function Actions({ video, onDeleted }: { video: VideoDocument; onDeleted?: () => void }) {
  const store = useLibraryStore();
  const [asking, setAsking] = useState(false);
  const take = (answer: VideoDocument | undefined) => {
    if (answer?.id) store.put(answer);
  };
  const cancel = useMutation({ mutationFn: () => cancelVideo(video.id), onSuccess: take });
  const retry = useMutation({ mutationFn: () => retryVideo(video.id), onSuccess: take });
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
  const failed = cancel.error ?? retry.error;

  return (
    <>
      <Menu position="bottom-end" width={190}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${video.title}`} loading={cancel.isPending || retry.isPending}>
            <MoreVertical size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {active && <Menu.Item leftSection={<Ban size={16} />} onClick={() => cancel.mutate()}>Cancel processing</Menu.Item>}
          {again && <Menu.Item leftSection={<RotateCcw size={16} />} onClick={() => retry.mutate()}>Try again</Menu.Item>}
          <Menu.Item className="danger" leftSection={<Trash2 size={16} />} onClick={() => setAsking(true)}>Delete…</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={asking} onClose={() => setAsking(false)} title="Delete this video?" centered>
        <Text size="sm" mb="md">“{video.title}” and all that was found in it will be gone for everybody. This cannot be undone.</Text>
        {remove.isError && <Alert color="red" mb="md" role="alert">{remove.error.message}</Alert>}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setAsking(false)} data-autofocus>Keep it</Button>
          <Button color="red.9" loading={remove.isPending} onClick={() => remove.mutate()}>Delete</Button>
        </Group>
      </Modal>
      <Modal opened={failed !== null} onClose={() => { cancel.reset(); retry.reset(); }} title="That did not work" centered>
        <Text size="sm">{failed?.message}</Text>
      </Modal>
    </>
  );
}
