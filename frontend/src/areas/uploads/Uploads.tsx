import { ActionIcon, Anchor, Group, Progress, Text } from "@mantine/core";
import { X } from "lucide-react";
import { uploads, useUploads, type Upload } from "./uploads";
import { size } from "../../lib/words";

/** The files that are on their way, and those that were refused. */
export function Uploads() {
  const list = useUploads();
  if (list.length === 0) return null;
  return (
    <section aria-label="Uploads" className="panel tray">
      <ul className="uploads">
        {list.map((u) => (
          <li key={u.key} data-testid="upload">
            <Row upload={u} />
          </li>
        ))}
      </ul>
    </section>
  );
}

const words = { waiting: "Waiting", sending: "Uploading", checking: "Checking the file", done: "Uploaded", failed: "Not uploaded" };

function Row({ upload: u }: { upload: Upload }) {
  return (
    <>
      <Group wrap="nowrap" gap="sm">
        <Text className="name" fw={500} size="sm" flex={1} title={u.name}>{u.name}</Text>
        <Text size="sm" c={u.error ? undefined : "dimmed"} className={u.error ? "number danger" : "number"}>
          {u.state === "sending" ? `${u.percent} % of ${size(u.size)}` : words[u.state]}
        </Text>
        <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${u.name} from the uploads`} onClick={() => uploads.remove(u.key)}>
          <X size={16} />
        </ActionIcon>
      </Group>
      {u.error ? (
        <Text size="sm" role="alert">
          {u.error.message}{" "}
          <Text span size="xs" c="dimmed">({u.error.code})</Text>{" "}
          {u.error.again && <Anchor component="button" type="button" size="sm" onClick={() => uploads.again(u.key)}>Try again</Anchor>}
        </Text>
      ) : (
        <Progress
          value={u.state === "done" ? 100 : u.percent}
          size="sm"
          mt={4}
          striped={u.state === "checking"}
          animated={u.state === "checking"}
          color={u.state === "done" ? "teal" : undefined}
          aria-label={`Upload of ${u.name}`}
        />
      )}
    </>
  );
}
