import { Alert, Anchor, Button, Center, Group, Skeleton, Text, Title } from "@mantine/core";
import { useConnection, useVideoLibrary } from "@reelroom/react";
import { Film } from "lucide-react";
import { useState } from "react";
import { ChooseFiles } from "../uploads/ChooseFiles";
import { VideoCard } from "./VideoCard";

/** Everything that the organization has, live. */
export function Library({ editor }: { editor: boolean }) {
  const { state, error, videos, hasMore, loadMore, reload } = useVideoLibrary();
  const connection = useConnection();
  const [more, setMore] = useState(false);

  if (state === "idle" || state === "loading") {
    const lost = connection.state === "reconnecting" || connection.state === "refused";
    return (
      <>
        {lost && <Alert color="yellow" title="The server does not answer" role="status">{connection.error?.message} Trying again by itself.</Alert>}
        <ul className="grid" aria-busy="true" aria-label="Loading the library">
          {Array.from({ length: 8 }, (_, i) => (
            <li key={i}><Skeleton height={250} radius="lg" animate={!lost} /></li>
          ))}
        </ul>
      </>
    );
  }
  if (state === "error") {
    return (
      <Alert color="red" title="The library could not be loaded" role="alert">
        {error?.message} <Anchor inherit component="button" type="button" onClick={() => void reload()}>Try again</Anchor>
      </Alert>
    );
  }
  if (videos.length === 0) {
    return (
      <section className="panel empty">
        <Film size={44} strokeWidth={1.4} />
        <Title order={2} size="h3">No videos yet</Title>
        <Text c="dimmed" maw={420}>
          {editor
            ? "Drop video files anywhere on this page, or choose them. Everybody in your organization sees them arrive and watches them being processed."
            : "Videos that your colleagues upload appear here by themselves."}
        </Text>
        {editor && <ChooseFiles label="Choose files" mt="xs" />}
      </section>
    );
  }

  const active = videos.filter((v) => v.status === "queued" || v.status === "processing").length;
  const count = `${videos.length}${hasMore ? "+" : ""} ${videos.length === 1 ? "video" : "videos"}`;
  return (
    <section aria-labelledby="library-title">
      <Group justify="space-between" mb="sm">
        <Title order={1} size="h3" id="library-title">Library</Title>
        <Text size="sm" c="dimmed" role="status">{active ? `${count}, ${active} in progress` : count}</Text>
      </Group>
      {error && <Alert color="yellow" mb="md" role="status">{error.message} What you see may be old.</Alert>}
      <ul className="grid">
        {videos.map((v) => (
          <li key={v.id}><VideoCard video={v} editor={editor} /></li>
        ))}
      </ul>
      {hasMore && (
        <Center mt="xl">
          <Button variant="default" loading={more} onClick={() => {
            setMore(true);
            void loadMore().finally(() => setMore(false));
          }}>
            Show more
          </Button>
        </Center>
      )}
    </section>
  );
}
