import { Text, Title } from "@mantine/core";
import { useLibraryStore, type Step, type VideoDocument } from "@reelroom/react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { call } from "../../lib/api";
import { saidBy } from "../../lib/said";
import { hour, moment, number, stageWord, wait } from "../../lib/words";
import { storyOf, tells, type Chapter } from "./steps";

/** What happened in the work on a video, live while it runs and from its record afterwards. */
export function Story({ video: v }: { video: VideoDocument }) {
  const { t } = useTranslation("video");
  const store = useLibraryStore();
  const running = v.status === "queued" || v.status === "processing";
  const now = useNow(running);
  // Events tell that something happened; when exactly, the document does.
  const behind = !tells(v);
  useQuery({
    queryKey: ["story", v.id, v.attempt, v.status, v.stage, v.retryAt],
    queryFn: async ({ signal }) => {
      const fresh = await call<VideoDocument>(`/api/videos/${encodeURIComponent(v.id)}`, { signal });
      store.put(fresh);
      return fresh.rev;
    },
    enabled: behind,
    staleTime: Infinity,
    gcTime: 0,
  });
  const chapters = storyOf(v);
  return (
    <>
      <Title order={2} size="h5" mb="xs">{t("story.title")}</Title>
      {chapters.map((chapter) => (
        <div key={chapter.attempt} data-testid="attempt">
          {chapters.length > 1 && <Text size="sm" fw={600} mt="xs">{t("story.attempt", { count: chapter.attempt })}</Text>}
          <Steps chapter={chapter} open={running && chapter.attempt === v.attempt} now={now} />
        </div>
      ))}
    </>
  );
}

function Steps({ chapter, open, now }: { chapter: Chapter; open: boolean; now: number }) {
  const { t } = useTranslation("video");
  const { steps } = chapter;
  const start = Date.parse(steps[0]?.at ?? "");
  const end = open ? now : Date.parse(steps.at(-1)?.at ?? "");
  const longest = Math.max(1, ...steps.map((step, i) => Date.parse(steps[i + 1]?.at ?? "") - Date.parse(step.at) || 0));
  return (
    <>
      <ol className="story">
        {steps.map((step, i) => {
          const next = steps[i + 1];
          const last = !next;
          const until = next ? Date.parse(next.at) : open ? now : NaN;
          const took = until - Date.parse(step.at);
          return (
            <li key={i} data-step={step.step} data-stage={step.stage} data-open={last && open ? "" : undefined}>
              <div className="statusRow">
                <span className="breakable">{words(step, last, t)}</span>
                <span className="number quiet">{Number.isFinite(took) && (last ? t("story.running", { time: lasted(took) }) : lasted(took))}</span>
              </div>
              {Number.isFinite(took) && !last && <span className="took" aria-hidden><i style={{ width: `${Math.max(1, Math.min(100, (took / longest) * 100))}%` }} /></span>}
              <time className="quiet" dateTime={step.at} title={moment(step.at)}>{hour(step.at)}</time>
            </li>
          );
        })}
      </ol>
      {Number.isFinite(end - start) && steps.length > 1 && !open && <Text size="sm" className="quiet">{t("story.total", { time: lasted(end - start) })}</Text>}
    </>
  );
}

type Words = ReturnType<typeof useTranslation<"video">>["t"];

function words(step: Step, last: boolean, t: Words): string {
  const why = step.message || step.code ? saidBy(step.code === "external" ? null : step.code, step.message ?? "") : "";
  switch (step.step) {
    case "queued": return last ? t("story.queuedNow") : t("story.queued");
    case "stage": return step.stage ? stageWord(step.stage) : t("story.began");
    case "delayed": return t("story.delayed", { why });
    case "failed": return t("story.failed", { why });
    default: return t(`story.${step.step}`, { defaultValue: step.step });
  }
}

/** 340 ms → "0.3 s": short times are told apart. */
function lasted(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  return seconds < 10 ? `${number(seconds, 1)} s` : wait(seconds);
}

function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
