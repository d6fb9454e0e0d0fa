import "../../parts/dialog";
import { Alert, Button, Group, Modal, Text } from "@mantine/core";

interface Props {
  title: string;
  error?: string;
  busy: boolean;
  onKeep: () => void;
  onDelete: () => void;
}

export default function AskDeletion({ title, error, busy, onKeep, onDelete }: Props) {
  return (
    <Modal opened onClose={onKeep} title="Delete this video?" centered>
      <Text size="sm" mb="md">“{title}” and all that was found in it will be gone for everybody. This cannot be undone.</Text>
      {error && <Alert color="red" mb="md" role="alert">{error}</Alert>}
      <Group justify="flex-end">
        <Button variant="default" onClick={onKeep} data-autofocus>Keep it</Button>
        <Button color="red.9" loading={busy} onClick={onDelete}>Delete</Button>
      </Group>
    </Modal>
  );
}
