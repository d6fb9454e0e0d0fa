import { Badge, Progress, Text } from "@mantine/core";
import type { VideoDocument } from "@reelroom/react";
import { memo } from "react";
import { Link } from "wouter";
import { clock, facts, left, statusLine, verdictWords } from "../../lib/words";
import { Actions } from "./Actions";
import { Picture } from "./Picture";

interface Props {
  video: VideoDocument;
  editor: boolean;
}

/** A video in the grid. It is drawn again only when its own document changes. */
export const VideoCard = memo(function VideoCard({ video: v, editor }: Props) {
  const verdict = v.sensitivity && verdictWords(v.sensitivity.verdict);
  return (
    <article className="panel card" data-testid="card" data-video={v.id} data-status={v.status} aria-label={v.title}>
      <div className="stage">
        <Picture video={v} />
        {verdict && (
          <Badge className="verdict" color={verdict.color} variant="filled" autoContrast tt="none" data-testid="verdict" title={verdict.hint}>
            {verdict.word}
          </Badge>
        )}
        {v.metadata && <span className="chip">{clock(v.metadata.durationSeconds)}</span>}
      </div>
      <div className="body">
        <div className="titleRow">
          <Link href={`/videos/${encodeURIComponent(v.id)}`} className="open">{v.title}</Link>
          {editor && <span className="above"><Actions video={v} /></span>}
        </div>
        <State video={v} />
        <Text size="sm" c="dimmed">{facts(v)}</Text>
        {v.warnings?.map((w) => (
          <Text key={w.code} size="xs" c="dimmed">⚠ {w.message}</Text>
        ))}
      </div>
    </article>
  );
});

function State({ video: v }: { video: VideoDocument }) {
  if (v.status === "completed") return null;
  if (v.status === "failed") {
    return (
      <Text size="sm" data-testid="error">
        <Text span inherit className="danger" fw={600}>Failed. </Text>
        {v.error} <Text span size="xs" c="dimmed">({v.code})</Text>
      </Text>
    );
  }
  if (v.status === "cancelled") return <Text size="sm" c="dimmed">Cancelled</Text>;
  return (
    <div>
      <div className="statusRow">
        <span className="name" title={left(v.etaSeconds)} data-testid="stage">{statusLine(v)}</span>
        <span className="number">{v.progress} %</span>
      </div>
      <Progress value={v.progress} size="sm" mt={4} aria-label={`Processing of ${v.title}`} transitionDuration={150} color={v.status === "queued" ? "gray" : undefined} />
    </div>
  );
}
