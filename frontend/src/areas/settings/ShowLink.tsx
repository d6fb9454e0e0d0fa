import "../../parts/dialog";
import { Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { ownLink } from "../../lib/api";
import type { GivenLink } from "./calls";
import { Copy } from "./Copy";
import { when } from "./when";

/** A link for a new password, shown once. */
export default function ShowLink({ name, link, onClose }: { name: string; link: GivenLink; onClose: () => void }) {
  const { t } = useTranslation("settings");
  return (
    <Modal opened onClose={onClose} title={t("members.resetTitle", { name })} centered size="lg">
      <Stack gap="md" className="settingsLink">
        <Text size="sm">{t("members.resetWords", { until: when(link.expiresAt) })}</Text>
        <Copy label={t("link")} value={ownLink(link.url)} />
      </Stack>
    </Modal>
  );
}
