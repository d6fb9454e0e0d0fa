import { Alert, Badge, Button, Group, Stack, Text, Textarea, Title } from "@mantine/core";
import { ReelroomError, useLibraryStore, type Decision, type Review as Decided, type VideoDocument } from "@reelroom/react";
import { useMutation } from "@tanstack/react-query";
import { Check, Flag } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { call, callWith } from "../../lib/api";
import { useNames } from "../../lib/names";
import { said } from "../../lib/said";
import { toast } from "../../lib/toast";
import { moment, verdictWords } from "../../lib/words";
import { isActive } from "../library/deeds";
import { VerdictBadge } from "./VerdictBadge";

/** What holds and who said so; an admin may decide otherwise. */
export function Review({ video: v, admin, me }: { video: VideoDocument; admin: boolean; me: string }) {
  const { t } = useTranslation("video");
  const found = v.sensitivity;
  const review = found?.review ?? null;
  const ready = v.status === "completed" && found;
  return (
    <Stack gap="xs" data-testid="review">
      <Group justify="space-between">
        <Title order={2} size="h5">{t("review.title")}</Title>
        {found && <VerdictBadge verdict={found.verdict} />}
      </Group>
      {!ready && <Text size="sm" c="dimmed">{t(isActive(v) ? "review.later" : "review.none")}</Text>}
      {ready && (
        <>
          {review ? <Word review={review} me={me} /> : <Text size="sm">{t("review.nobody")}</Text>}
          <Group gap="xs">
            <Text size="sm" c="dimmed">{t("review.machine")}</Text>
            <Badge variant="default" tt="none" data-testid="machine">{verdictWords(found.machineVerdict).word}</Badge>
          </Group>
          {admin ? <Decide video={v} review={review} me={me} /> : <Text size="sm" c="dimmed">{t("review.onlyAdmins")}</Text>}
        </>
      )}
    </Stack>
  );
}

function Word({ review, me }: { review: Decided; me: string }) {
  const { t } = useTranslation("video");
  const name = useNames();
  const by = review.by === me ? t("review.you") : name(review.by) || t("review.admin");
  return (
    <div>
      <Text size="sm" className="breakable">
        <b>{t(review.decision === "approve" ? "review.approved" : "review.flagged", { by })}</b>{" "}
        <time className="quiet" dateTime={review.at}>{moment(review.at)}</time>
      </Text>
      {review.note && <Text component="blockquote" className="noteOf breakable" size="sm">{review.note}</Text>}
      <Text size="xs" c="dimmed">{t("review.then", { verdict: verdictWords(review.machineVerdict).word, version: review.policyVersion })}</Text>
    </div>
  );
}

function Decide({ video, review, me }: { video: VideoDocument; review: Decided | null; me: string }) {
  const { t } = useTranslation("video");
  const store = useLibraryStore();
  const name = useNames();
  const [note, setNote] = useState("");
  /** The decision that stood when the writing began. */
  const [seen, setSeen] = useState(review?.rev ?? 0);
  const meanwhile = note !== "" && review !== null && review.rev !== seen && review.by !== me;
  const decide = useMutation({
    mutationFn: (decision: Decision) => callWith<VideoDocument>("POST", `/api/videos/${encodeURIComponent(video.id)}/review`, { decision, note: note.trim() }),
    onSuccess: (answer, decision) => {
      store.put(answer);
      setNote("");
      void toast({ tone: "good", message: t(`review.done.${decision}`) });
    },
    onError: async (problem) => {
      if (problem instanceof ReelroomError && problem.code === "conflict") store.put(await call<VideoDocument>(`/api/videos/${encodeURIComponent(video.id)}`));
    },
  });
  const conflict = decide.error instanceof ReelroomError && decide.error.code === "conflict";
  const write = (text: string) => {
    if (note === "") setSeen(review?.rev ?? 0);
    setNote(text);
  };
  const button = (decision: Decision) => ({ loading: decide.isPending && decide.variables === decision, disabled: decide.isPending, onClick: () => decide.mutate(decision) });
  return (
    <Stack gap="xs">
      <Textarea label={t("review.note")} description={t("review.noteHint")} value={note} onChange={(event) => write(event.currentTarget.value)} rows={2} maxLength={2000} />
      {meanwhile && <Alert color="yellow" role="status" data-testid="meanwhile">{t("review.meanwhile", { by: name(review.by) || t("review.admin") })}</Alert>}
      {decide.error && <Alert color="red" role="alert">{conflict ? t("review.conflict") : said(decide.error)}</Alert>}
      <Group gap="xs">
        <Button variant="default" leftSection={<Check size={16} aria-hidden />} {...button("approve")}>{t("review.approve")}</Button>
        <Button variant="default" leftSection={<Flag size={16} aria-hidden />} {...button("flag")}>{t("review.flag")}</Button>
        {review && <Button variant="subtle" {...button("clear")}>{t("review.clear")}</Button>}
      </Group>
    </Stack>
  );
}
