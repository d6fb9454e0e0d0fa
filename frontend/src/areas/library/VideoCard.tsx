import { Badge } from "@mantine/core";
import { useVideoDocument, type VideoDocument } from "@reelroom/react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useNames } from "../../lib/names";
import { clock, verdictHint, verdictWords } from "../../lib/words";
import { Actions } from "./Actions";
import { Picture } from "./Picture";
import { selection, useChosen } from "./selection";
import { State } from "./State";

interface Props {
  id: string;
  shape: "grid" | "list";
  editor: boolean;
  /** Chooses all from the last chosen one up to this one. */
  upTo: (id: string) => void;
}

/** A video of the library, as a card or as a row. It is drawn again only when its own document changes. */
export const VideoCard = memo(function VideoCard({ id, shape, editor, upTo }: Props) {
  useTranslation();
  const v = useVideoDocument(id);
  const chosen = useChosen(id);
  if (!v) return <div className="panel item" />;
  return (
    <article className={`panel item ${shape === "grid" ? "asCard" : "asRow"} ${chosen ? "chosen" : ""}`} data-testid="card" data-video={v.id} data-status={v.status} aria-label={v.title}>
      <div className="stage">
        <Picture key={v.attempt} video={v} />
        {v.metadata && <span className="chip">{clock(v.metadata.durationSeconds)}</span>}
      </div>
      <span className="verdictPlace">{v.sensitivity && (v.sensitivity.review ? <Decided found={v.sensitivity} /> : <Verdict found={v.sensitivity} hint={verdictHint(v.sensitivity)} />)}</span>
      {editor && <Choose video={v} chosen={chosen} upTo={upTo} />}
      <div className="body">
        <Link href={`/videos/${encodeURIComponent(v.id)}`} className="open" title={v.title} dir="auto">{v.title}</Link>
        <State video={v} />
      </div>
      {editor && <span className="above menu"><Actions video={v} /></span>}
    </article>
  );
});

type Found = NonNullable<VideoDocument["sensitivity"]>;

/** A verdict with the name of the person who decided. */
function Decided({ found }: { found: Found }) {
  const name = useNames();
  return <Verdict found={found} hint={verdictHint(found, name)} />;
}

function Verdict({ found, hint }: { found: Found; hint: string }) {
  const { word, color } = verdictWords(found.verdict);
  return (
    <Badge className="verdictWord" color={color} variant="filled" autoContrast tt="none" data-testid="verdict" title={hint}>
      {word}
    </Badge>
  );
}

function Choose({ video, chosen, upTo }: { video: VideoDocument; chosen: boolean; upTo: (id: string) => void }) {
  const { t } = useTranslation("library");
  return (
    <label className="above choose">
      <input
        type="checkbox"
        checked={chosen}
        aria-label={t("choose", { title: video.title })}
        onChange={(e) => ((e.nativeEvent as MouseEvent).shiftKey ? upTo(video.id) : selection.toggle(video.id))}
      />
    </label>
  );
}
