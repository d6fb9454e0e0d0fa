import { ActionIcon, Group, Progress, Stack, Text, Title } from "@mantine/core";
import { useEvents, type SensitivitySegment, type VideoDocument } from "@reelroom/react";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { clock as time, number, percent } from "../../lib/words";
import type { Clock } from "./clock";
import { Moments } from "./Moments";
import { usePolicy, useScores } from "./scores";
import { Strip } from "./Strip";

/** The categories that the verdict is made from; the others explain them. */
const weighed = ["explicit", "sexy"];

/** What the classifier saw, when, and what it cannot see; while it still looks, what it has found so far. */
export function Findings({ video: v, clock }: { video: VideoDocument; clock: Clock }) {
  const { t } = useTranslation("video");
  const live = useLive(v);
  const found = v.sensitivity;
  const seconds = v.metadata?.durationSeconds ?? 0;
  const segments = found?.segments ?? live;
  // Scores that came from outside have no frames.
  const points = useScores(v.id, v.attempt, Boolean(found && found.policyVersion > 0 && found.frames > 0));
  const policy = usePolicy(found?.policyVersion ?? 0);
  const scanning = v.status === "processing" && v.stage === "sensitivity";
  const running = v.status === "queued" || v.status === "processing";
  const top = points.reduce((high, p) => (p.explicit > high.explicit ? p : high), points[0] ?? { at: 0, explicit: 0, suggestive: 0 });
  const step = (forward: boolean) => {
    const at = clock.read().time * 1000;
    const to = forward ? segments.find((s) => s.startMs > at + 100) : segments.findLast((s) => s.startMs < at - 700);
    if (to) clock.seek(to.startMs / 1000);
  };
  return (
    <section className="findings" data-testid="findings" aria-labelledby="found">
      {seconds > 0 && (found || running) && <Strip seconds={seconds} segments={segments} points={points} policy={policy} clock={clock} scanning={scanning} />}
      <div className="block">
        <Group justify="space-between" wrap="nowrap" mb={4}>
          <Title order={2} size="h5" id="found">{t("found.title")}</Title>
          {segments.length > 0 && (
            <Group gap={6} wrap="nowrap">
              <Text size="sm" className="quiet number" aria-live={scanning ? "polite" : undefined}>{t("found.moments", { count: segments.length })}</Text>
              <ActionIcon variant="default" size={32} aria-label={t("found.previous")} title={t("found.previous")} onClick={() => step(false)}><ChevronLeft size={16} /></ActionIcon>
              <ActionIcon variant="default" size={32} aria-label={t("found.next")} title={t("found.next")} onClick={() => step(true)}><ChevronRight size={16} /></ActionIcon>
            </Group>
          )}
        </Group>
        <Text size="sm" className="quiet" mb={segments.length > 0 ? "sm" : 0}>
          {scanning ? t("found.scanning") : !found ? t(running ? "found.waiting" : "found.none") : segments.length === 0 && t("found.nothing")}
          {scanning && segments.length === 0 && ` ${t("found.nothingYet")}`}
          {points.length > 0 && ` ${t("found.summary", { score: percent(top.explicit * 100), time: time(top.at) })}`}
        </Text>
        <Moments segments={segments} clock={clock} scanning={scanning} />
        {found && <Scores video={v} />}
      </div>
    </section>
  );
}

/** The segments that the scan has told of so far. */
function useLive({ id, attempt, status }: VideoDocument): SensitivitySegment[] {
  const key = `${id} ${attempt}`;
  const [heard, setHeard] = useState<{ key: string; segments: SensitivitySegment[] }>({ key, segments: [] });
  useEvents("video:progress", (event) => {
    if (event.videoId !== id || event.stage !== "sensitivity" || !event.segments) return;
    setHeard({ key: `${id} ${event.attempt}`, segments: [...event.segments].sort((a, b) => a.startMs - b.startMs) });
  });
  return heard.key === key && status === "processing" ? heard.segments : nothing;
}
const nothing: SensitivitySegment[] = [];

function Scores({ video }: { video: VideoDocument }) {
  const { t } = useTranslation("video");
  const found = video.sensitivity!;
  const scores = Object.entries(found.scores ?? {}).sort((a, b) => b[1] - a[1]);
  const word = (category: string) => t(`found.category.${category as "explicit"}`, { defaultValue: category });
  const bar = ([category, value]: [string, number]) => (
    <div key={category}>
      <div className="statusRow">
        <span>{word(category)}</span>
        <span className="number">{percent(value * 100)}</span>
      </div>
      <Progress value={value * 100} size="xs" color="gray.6" aria-label={t("found.highest", { category: word(category) })} />
    </div>
  );
  return (
    <Stack gap="xs" mt="sm">
      {scores.filter(([category]) => weighed.includes(category)).map(bar)}
      <details>
        <summary><Text span size="sm">{t("found.all")}</Text></summary>
        <Stack gap="xs" mt="xs">{scores.filter(([category]) => !weighed.includes(category)).map(bar)}</Stack>
      </details>
      <Text size="xs" c="dimmed">
        {t("found.scope")}{" "}
        {t("found.frames", { count: found.frames, sampling: t(`found.sampling.${found.sampling as "interval"}`, { defaultValue: found.sampling }), model: found.model, version: number(found.policyVersion) })}
      </Text>
    </Stack>
  );
}
