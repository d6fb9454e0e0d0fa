import { Alert, Button, Group, Skeleton, Text } from "@mantine/core";
import { useLibraryStore, type VideoDocument } from "@reelroom/react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { loader } from "../../lib/load";
import { ownURL } from "../../lib/api";
import type { Clock } from "./clock";
import { usePlaying } from "./source";

const Player = lazy(loader(() => import("./Player")));

/** The place of the player: what can be played, or why nothing can. */
export function Screen({ video: v, clock }: { video: VideoDocument; clock: Clock }) {
  const { t } = useTranslation("video");
  const store = useLibraryStore();
  const { source, trouble, failed, blind, again } = usePlaying(v, store.put);
  const media = ownURL(v.media);
  const size = v.metadata?.video;
  const running = v.status === "queued" || v.status === "processing";
  // A file that could not even be read has nothing to show.
  if (v.status === "failed" && !v.metadata) return null;
  if (!source || trouble) {
    const words = trouble === "gone" || !source ? "lost" : running ? "waits" : "format";
    return (
      <Alert color="gray" radius={0} title={t(`player.${words}.title`)} data-testid="unplayable">
        {t(`player.${words}.words`)}
        <Group mt="sm" gap="xs">
          {media && <Button component="a" size="xs" variant="default" href={`${media}&download=1`} download={v.fileName}>{t("download")}</Button>}
          {trouble && <Button size="xs" variant="default" onClick={again}>{t("again")}</Button>}
        </Group>
      </Alert>
    );
  }
  return (
    <>
      <Suspense fallback={<Skeleton radius={0} className="screenWait" />}>
        <Player
          title={v.title}
          source={source}
          ratio={size && size.height > 0 ? size.width / size.height : undefined}
          poster={v.thumbnail}
          storyboard={v.storyboard}
          clock={clock}
          onFailed={failed}
          onNoPicture={blind}
        />
      </Suspense>
      {running && !v.playback && <Text size="xs" c="dimmed" className="early">{t("player.early")}</Text>}
    </>
  );
}
