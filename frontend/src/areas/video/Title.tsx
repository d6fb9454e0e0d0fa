import { ActionIcon, Button, Group, TextInput, Title as Heading } from "@mantine/core";
import { useLibraryStore, type VideoDocument } from "@reelroom/react";
import { useMutation } from "@tanstack/react-query";
import { Pencil } from "lucide-react";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { renameVideo } from "../../lib/api";
import { said } from "../../lib/said";

/** The title, which an editor may change in place. */
export function Title({ video, editor }: { video: VideoDocument; editor: boolean }) {
  const { t } = useTranslation("video");
  const store = useLibraryStore();
  const [draft, setDraft] = useState<string | null>(null);
  const pencil = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  const rename = useMutation({
    mutationFn: (title: string) => renameVideo(video.id, title),
    onSuccess: (answer) => {
      if (answer?.id) store.put(answer);
      setDraft(null);
    },
  });
  // Whoever closes the field with the keyboard goes on from the button that opened it.
  useEffect(() => {
    if (draft === null && wasOpen.current) pencil.current?.focus();
    wasOpen.current = draft !== null;
  }, [draft]);
  const close = () => {
    rename.reset();
    setDraft(null);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const title = (draft ?? "").trim();
    if (!title || title === video.title) return close();
    rename.mutate(title);
  };

  if (draft === null) {
    return (
      <Group gap="xs" wrap="nowrap" className="titleLine">
        <Heading order={1} size="h3" className="breakable">{video.title}</Heading>
        {editor && (
          <ActionIcon ref={pencil} variant="subtle" color="gray" size={32} aria-label={t("title.rename")} title={t("title.rename")} onClick={() => setDraft(video.title)}>
            <Pencil size={16} />
          </ActionIcon>
        )}
      </Group>
    );
  }
  return (
    <form onSubmit={submit} className="titleForm">
      <TextInput
        aria-label={t("title.label")}
        value={draft}
        onChange={(event) => setDraft(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Escape" && close()}
        error={rename.error && said(rename.error)}
        onFocus={(event) => event.currentTarget.select()}
        autoFocus
        required
        maxLength={200}
      />
      <Button type="submit" loading={rename.isPending}>{t("title.save")}</Button>
      <Button variant="default" onClick={close}>{t("title.cancel")}</Button>
    </form>
  );
}
