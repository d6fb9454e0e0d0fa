import { Progress } from "@mantine/core";
import type { VideoDocument } from "@reelroom/react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { day, facts, failure, left, moment, percent, statusLine, statusWord, warning } from "../../lib/words";

/** How a video stands, in lines that always take the same room. */
export function State({ video: v }: { video: VideoDocument }) {
  const { t } = useTranslation(["library", "common"]);
  const now = useSeconds(v.status === "processing" ? v.retryAt : null);
  if (v.status === "failed") {
    const why = failure(v);
    return (
      <p className="state two" data-testid="error" title={why}>
        <b className="danger">{t("failed")} </b>
        {why} {v.code && <small>({v.code})</small>}
      </p>
    );
  }
  if (v.status === "completed" || v.status === "cancelled" || v.status === "deleted") {
    const warned = v.warnings?.[0];
    const below = v.status !== "completed" ? <b>{statusWord(v.status)}</b> : warned ? <span title={v.warnings!.map(warning).join("\n")}>⚠ {warning(warned)}</span> : <time dateTime={v.createdAt} title={moment(v.createdAt)}>{day(v.createdAt)}</time>;
    return (
      <div className="state">
        <p className="line">{facts(v)}</p>
        <p className="line">{below}</p>
      </div>
    );
  }
  return (
    <div className="state">
      <p className="line both">
        <span className="now" data-testid="stage" title={v.message || undefined}>{statusLine(v, now)}</span>
        <span className="number">{percent(v.progress)}</span>
      </p>
      <Progress value={v.progress} size="sm" aria-label={t("progressOf", { title: v.title })} transitionDuration={150} color={v.status === "queued" ? "gray" : undefined} />
      <p className="line">{v.status === "processing" ? left(v.etaSeconds, v.etaHighSeconds) || facts(v) : facts(v)}</p>
    </div>
  );
}

/** The time, each second until the one that is waited for. */
function useSeconds(until: string | null): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!until || Date.parse(until) < Date.now()) return;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() > Date.parse(until)) clearInterval(timer);
    }, 1000);
    return () => clearInterval(timer);
  }, [until]);
  return until ? now : 0;
}
