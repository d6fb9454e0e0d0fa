import { Button, Group, TextInput } from "@mantine/core";
import { useLibraryStore, useVideoDocument } from "@reelroom/react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../../parts/Dialog";
import { rename } from "./deeds";
import { askName } from "./naming";

/** The longest title that the server takes, in characters. */
const maxTitle = 200;

export default function NameDialog({ id }: { id: string }) {
  const { t } = useTranslation("library");
  const store = useLibraryStore();
  const video = useVideoDocument(id);
  const [title, setTitle] = useState(video?.title ?? "");
  const close = () => askName(null);
  const name = title.trim();
  const long = [...name].length > maxTitle;
  const save = () => {
    if (!name || long) return;
    if (video && name !== video.title) void rename(store, video, name);
    close();
  };
  return (
    <Dialog title={t("rename.title")} onClose={close}>
      <form onSubmit={(e) => { e.preventDefault(); save(); }}>
        <TextInput
          label={t("rename.label")}
          value={title}
          onChange={(e) => setTitle(e.currentTarget.value)}
          onFocus={(e) => e.currentTarget.select()}
          error={long ? t("rename.long", { count: maxTitle }) : undefined}
          dir="auto"
          autoComplete="off"
          data-autofocus
        />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={close}>{t("rename.keep")}</Button>
          <Button type="submit" disabled={!name || long}>{t("rename.save")}</Button>
        </Group>
      </form>
    </Dialog>
  );
}
