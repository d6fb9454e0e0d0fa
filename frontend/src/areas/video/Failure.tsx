import { Alert, Button, Stack, Text } from "@mantine/core";
import { useLibraryStore, type VideoDocument } from "@reelroom/react";
import { useMutation } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { retryVideo } from "../../lib/api";
import { said } from "../../lib/said";
import { isPermanent, mayRetry } from "../library/deeds";
import { failure, stageWord } from "../../lib/words";

/** Why there is no result, and what can be done about it. */
export function Failure({ video: v, editor, words }: { video: VideoDocument; editor: boolean; words?: string }) {
  const { t } = useTranslation("video");
  const store = useLibraryStore();
  const retry = useMutation({
    mutationFn: () => retryVideo(v.id),
    onSuccess: (answer) => {
      if (answer?.id) store.put(answer);
    },
  });
  return (
    <Alert color={words ? "gray" : "red"} title={words ?? t("failed.title")} data-testid="failure">
      <Stack gap="xs" align="flex-start">
        {!words && (
          <div>
            <Text size="sm">{failure(v)} {v.stage && t("failed.in", { stage: stageWord(v.stage) })}</Text>
            <Text size="xs" className="quiet">{t("failed.code")}: {v.code}</Text>
          </div>
        )}
        {isPermanent(v) && <Text size="sm">{t("failed.final")}</Text>}
        {editor && mayRetry(v) && <Button size="xs" variant="default" leftSection={<RotateCcw size={15} aria-hidden />} loading={retry.isPending} onClick={() => retry.mutate()}>{t("again")}</Button>}
        {retry.error && <Text size="sm" role="alert">{said(retry.error)}</Text>}
      </Stack>
    </Alert>
  );
}
