import { ActionIcon, Group, Progress, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { said } from "../../lib/said";
import { toast } from "../../lib/toast";
import { percent, size } from "../../lib/words";
import { ChooseAgain } from "./ChooseAgain";
import { discard } from "./files";
import { queue } from "./queue";
import type { Begun } from "./Uploads";

/** Files whose beginning the server has, and this browser knows nothing of: begun elsewhere, or before it forgot. */
export function Unfinished({ list }: { list: readonly Begun[] }) {
  const { t } = useTranslation("uploads");
  const queries = useQueryClient();
  const [wrong, setWrong] = useState("");
  const drop = (u: Begun) =>
    discard(u.id).then(
      () => queries.invalidateQueries({ queryKey: ["uploads"] }),
      (problem: unknown) => toast({ message: said(problem), tone: "bad" }),
    );
  return (
    <>
      <Text size="xs" fw={600} c="dimmed" className="trayLine">{t("unfinished")}</Text>
      <ul className="uploads">
        {list.map((u) => {
          const share = u.size > 0 ? Math.floor((100 * u.received) / u.size) : 0;
          return (
            <li key={u.id} data-testid="unfinished">
              <Group wrap="nowrap" gap={4}>
                <Text className="name" fw={500} size="sm" flex={1} title={u.fileName}>{u.fileName}</Text>
                <Text size="xs" c="dimmed" className="number">{size(u.size)}</Text>
                <ActionIcon variant="subtle" color="gray" size={26} aria-label={t("discard", { name: u.fileName })} title={t("discard", { name: u.fileName })} onClick={() => void drop(u)}>
                  <Trash2 size={15} />
                </ActionIcon>
              </Group>
              <Progress value={share} size="sm" my={4} color="gray" aria-label={t("of", { name: u.fileName })} />
              {wrong === u.id && <Text size="sm" className="danger">{t("trouble.other_file")}</Text>}
              <ChooseAgain label={t("chooseAt", { at: percent(share) })} take={(picked) => setWrong(queue.adopt(u, picked) ? "" : u.id)} />
            </li>
          );
        })}
      </ul>
    </>
  );
}
