import "../../parts/dialog";
import { Alert, Button, Group, Modal, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

interface Props {
  title: string;
  words: string;
  does: string;
  error?: string;
  busy: boolean;
  onKeep: () => void;
  onDo: () => void;
}

/** Asks before something that cannot be taken back. */
export default function Confirm({ title, words, does, error, busy, onKeep, onDo }: Props) {
  const { t } = useTranslation("settings");
  return (
    <Modal opened onClose={onKeep} title={title} centered>
      <Text size="sm" mb="md" className="breakable">{words}</Text>
      {error && <Alert color="red" mb="md" role="alert">{error}</Alert>}
      <Group justify="flex-end">
        <Button variant="default" onClick={onKeep} data-autofocus>{t("keep")}</Button>
        <Button color="red.9" loading={busy} onClick={onDo}>{does}</Button>
      </Group>
    </Modal>
  );
}
