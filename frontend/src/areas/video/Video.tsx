import { Alert, Anchor, Group, Progress, Stack, Text, Title } from "@mantine/core";
import { useVideo, type VideoDocument } from "@reelroom/react";
import { ArrowLeft } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { ownURL } from "../../lib/api";
import { mayEdit, type Session } from "../../lib/session";
import { left, statusLine } from "../../lib/words";
import { Waiting } from "../../parts/Waiting";
import { Actions } from "../library/Actions";
import { Facts } from "./Facts";
import { SensitivityReport } from "./SensitivityReport";

/** The page of one video. */
export default function VideoPage({ id, session }: { id: string; session: Session }) {
  const { t } = useTranslation();
  const { state, video } = useVideo(id);
  const [, go] = useLocation();
  return (
    <Stack gap="md">
      <Anchor component={Link} href="/" size="sm"><ArrowLeft size={14} aria-hidden /> {t("nav.library")}</Anchor>
      {state === "missing" && <Alert color="gray" title="This video is gone">It was deleted, perhaps by somebody else.</Alert>}
      {state !== "missing" && !video && <Waiting />}
      {video && state !== "missing" && <Video video={video} editor={mayEdit(session)} onClose={() => go("/")} />}
    </Stack>
  );
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
