import { Button, Text, Title } from "@mantine/core";
import type { AuditEntry } from "@reelroom/react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { call } from "../../lib/api";
import { useNames } from "../../lib/names";
import { said } from "../../lib/said";
import { moment, verdictWords } from "../../lib/words";

interface Listing {
  data: AuditEntry[];
  nextCursor: string | null;
}

interface Props {
  id: string;
  /** Changes when there may be something new. */
  rev: number;
  me: string;
  /** Shows nothing where there is nothing to be had. */
  quiet?: boolean;
}

/** The trail of a video; it may outlive the video. `wanted` is false where it is not to be asked for. */
export function useTrail(id: string, rev: number, wanted = true) {
  return useInfiniteQuery({
    queryKey: ["trail", id, rev],
    queryFn: ({ pageParam, signal }) => call<Listing>(`/api/videos/${encodeURIComponent(id)}/audit?limit=10&after=${encodeURIComponent(pageParam)}`, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.nextCursor || undefined,
    placeholderData: (before) => before,
    enabled: wanted,
    retry: false,
    // An entry comes to the trail a moment after the event that it belongs to. A refusal is not asked for again.
    refetchInterval: ({ state }) => (state.status !== "error" && state.dataUpdateCount < 3 ? 1_500 : false),
  });
}

/** Who did what to the video, newest first. */
export function Trail({ id, rev, me, quiet = false }: Props) {
  const { t } = useTranslation("video");
  const name = useNames();
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useTrail(id, rev);
  const entries = data?.pages.flatMap((page) => page.data) ?? [];
  if (quiet && entries.length === 0) return null;
  return (
    <>
      <Title order={2} size="h5" mb="xs">{t("trail.title")}</Title>
      {error && <Text size="sm" role="alert">{said(error)}</Text>}
      {data && entries.length === 0 && <Text size="sm" c="dimmed">{t("trail.empty")}</Text>}
      <ol className="trail" aria-label={t("trail.title")}>
        {entries.map((entry) => (
          <li key={entry.id} data-action={entry.action}>
            <span className="breakable">
              <b>{entry.by ? (entry.by === me ? `${name(entry.by)} (${t("review.you")})` : name(entry.by)) : t("trail.machine")}</b> {deed(entry, t)}
            </span>
            {entry.note && <q className="breakable">{entry.note}</q>}
            <time className="quiet" dateTime={entry.at}>{moment(entry.at)}</time>
          </li>
        ))}
      </ol>
      {hasNextPage && <Button mt="xs" size="compact-sm" variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t("trail.more")}</Button>}
    </>
  );
}

type Words = ReturnType<typeof useTranslation<"video">>["t"];

function deed({ action, before, after }: AuditEntry, t: Words): string {
  const verdict = after.verdict ? verdictWords(after.verdict).word : t("trail.unchanged");
  // A decision that is taken back leaves nothing behind.
  const decision = t(`trail.decision.${after.decision ?? "clear"}`);
  const shown =
    action === "video.renamed" ? { before: before.title ?? "", after: after.title ?? "" }
    : action === "video.reviewed" ? { after: after.decision || !after.verdict ? decision : `${decision} (${verdict})` }
    : { after: action === "video.ended" ? (after.status ?? "") : verdict, version: after.policyVersion ?? "" };
  // A later server may know more deeds.
  return (t as (key: string, put: object) => string)(`trail.do.${action.replace(".", "_")}`, { ...shown, defaultValue: action });
}
