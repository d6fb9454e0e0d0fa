import { Alert, Drawer, Group, Loader, Progress, Stack, Text, Title } from "@mantine/core";
import { useVideo, type VideoDocument } from "@reelroom/react";
import { useRef, useState } from "react";
import { ownURL } from "../lib/api";
import { left, statusLine } from "../lib/words";
import { Actions } from "./Actions";
import { Facts } from "./Facts";
import { SensitivityReport } from "./SensitivityReport";

interface Props {
  id: string | null;
  editor: boolean;
  onClose: () => void;
}

/** One video beside the library. */
export function Details({ id, editor, onClose }: Props) {
  return (
    <Drawer opened={id !== null} onClose={onClose} position="right" size="min(36rem, 100vw)" title={<Text fw={600}>Video</Text>} padding="lg">
      {id && <Content key={id} id={id} editor={editor} onClose={onClose} />}
    </Drawer>
  );
}

function Content({ id, editor, onClose }: Props & { id: string }) {
  const { state, video } = useVideo(id);
  if (state === "missing") return <Alert color="gray" title="This video is gone">It was deleted, perhaps by somebody else.</Alert>;
  if (!video) return <Loader aria-label="Loading" />;
  return <Video video={video} editor={editor} onClose={onClose} />;
}

function Video({ video: v, editor, onClose }: { video: VideoDocument; editor: boolean; onClose: () => void }) {
  const player = useRef<HTMLVideoElement>(null);
  const seek = (ms: number) => {
    if (!player.current) return;
    player.current.currentTime = ms / 1000;
    player.current.scrollIntoView({ block: "nearest" });
  };
  const running = v.status === "queued" || v.status === "processing";
  return (
    <Stack gap="lg" data-testid="details">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Title order={2} size="h3" className="breakable">{v.title}</Title>
        {editor && <Actions video={v} onDeleted={onClose} />}
      </Group>
      <Player video={v} player={player} />
      {running && (
        <div>
          <Group justify="space-between" gap="xs">
            <Text size="sm">{statusLine(v)}</Text>
            <Text size="sm" c="dimmed" className="number">{[left(v.etaSeconds), `${v.progress} %`].filter(Boolean).join(" · ")}</Text>
          </Group>
          <Progress value={v.progress} mt={6} aria-label="Processing" transitionDuration={150} />
        </div>
      )}
      {v.status === "failed" && (
        <Alert color="red" title="Processing failed">
          {v.error} <Text span size="xs" c="dimmed">({v.code})</Text>
        </Alert>
      )}
      {v.status === "cancelled" && <Alert color="gray">Processing was cancelled.</Alert>}
      {v.warnings?.map((w) => <Alert key={w.code} color="yellow" title="Please note">{w.message}</Alert>)}
      {v.sensitivity && <SensitivityReport found={v.sensitivity} seconds={v.metadata?.durationSeconds ?? 0} onSeek={seek} />}
      <Facts video={v} />
    </Stack>
  );
}

function Player({ video: v, player }: { video: VideoDocument; player: React.RefObject<HTMLVideoElement | null> }) {
  const [broken, setBroken] = useState(false);
  const media = ownURL(v.media);
  const played = ownURL(v.playback?.url) ?? media; // some browsers play more than all do
  if (!media) return null;
  if (broken) {
    return (
      <Alert color="gray" title="This browser cannot play the file">
        Its format is not one that browsers play. <a href={media} download={v.fileName}>Download it</a> to watch it in another player.
      </Alert>
    );
  }
  return <video ref={player} className="player" controls playsInline preload="metadata" poster={ownURL(v.thumbnail)} src={played} onError={() => setBroken(true)} />;
}
