import { Badge, Button, Group, Progress, Stack, Text, Title } from "@mantine/core";
import type { Sensitivity } from "@reelroom/react";
import { span, verdictHint, verdictWords } from "../../lib/words";

interface Props {
  found: Sensitivity;
  /** The length of the video. */
  seconds: number;
  onSeek: (ms: number) => void;
}

/** The categories that the verdict is made from; the others explain them. */
const weighed = ["explicit", "sexy"];

const categoryWords: Record<string, string> = {
  explicit: "Explicit",
  sexy: "Suggestive",
  suggestive: "Suggestive",
  neutral: "Neutral",
  drawing: "Drawing",
  porn: "Pornographic",
  hentai: "Drawn pornography",
};
const inWords = (category: string) => categoryWords[category] ?? category;

const score = ([category, value]: [string, number]) => (
  <div key={category}>
    <div className="statusRow">
      <span>{inWords(category)}</span>
      <span className="number">{Math.round(value * 100)} %</span>
    </div>
    <Progress value={value * 100} size="xs" color="gray.6" aria-label={`Highest score: ${inWords(category)}`} />
  </div>
);

/** What the classifier saw, where, and what it cannot see. */
export function SensitivityReport({ found, seconds, onSeek }: Props) {
  const verdict = verdictWords(found.verdict);
  const segments = found.segments ?? [];
  const scores = Object.entries(found.scores ?? {}).sort((a, b) => b[1] - a[1]);
  return (
    <Stack component="section" gap="xs">
      <Group justify="space-between">
        <Title order={3} size="h5">Sensitive content</Title>
        <Badge color={verdict.color} variant="filled" autoContrast tt="none">{verdict.word}</Badge>
      </Group>
      <Text size="sm">{verdictHint(found)}</Text>
      {segments.length > 0 && (
        <>
          {seconds > 0 && (
            <div className="strip" aria-hidden>
              {segments.map((s, i) => (
                <i key={i} className={s.category} style={{ left: `${s.startMs / seconds / 10}%`, width: `${Math.max(0, s.endMs - s.startMs) / seconds / 10}%` }} />
              ))}
            </div>
          )}
          <ul className="segments" aria-label="Where it was found">
            {segments.map((s, i) => (
              <li key={i}>
                <Button size="compact-sm" variant="light" color={s.category === "suggestive" ? "yellow" : "red"} onClick={() => onSeek(s.startMs)}>
                  {span(s.startMs, s.endMs)} {inWords(s.category)} {Math.round(s.score * 100)} %
                </Button>
              </li>
            ))}
          </ul>
        </>
      )}
      {scores.filter(([category]) => weighed.includes(category)).map(score)}
      <details>
        <summary><Text span size="sm">All categories of the model</Text></summary>
        <Stack gap="xs" mt="xs">{scores.filter(([category]) => !weighed.includes(category)).map(score)}</Stack>
      </details>
      <Text size="xs" c="dimmed">
        {found.scope || "Detects nudity and sexual content only."} {found.frames} {found.frames === 1 ? "frame" : "frames"} looked at ({found.sampling}), model {found.model}.
      </Text>
    </Stack>
  );
}
