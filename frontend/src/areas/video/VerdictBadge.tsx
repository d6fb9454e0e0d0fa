import { Badge } from "@mantine/core";
import type { Verdict } from "@reelroom/react";
import { verdictWords } from "../../lib/words";

export function VerdictBadge({ verdict }: { verdict: Verdict }) {
  const { word, color } = verdictWords(verdict);
  return <Badge color={color} variant="filled" autoContrast tt="none" data-testid="verdict">{word}</Badge>;
}
