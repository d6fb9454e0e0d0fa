import { ActionIcon, Button, Group, Progress, Text } from "@mantine/core";
import { Pause, Play, RotateCw, X } from "lucide-react";
import i18next from "i18next";
import { memo, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { saidBy } from "../../lib/said";
import { left, percent, size, wait } from "../../lib/words";
import { ChooseAgain } from "./ChooseAgain";
import type { Upload } from "./job";
import { queue } from "./queue";

/** One file: its name, how far it is, and what can be done. */
export const Row = memo(function Row({ upload: u }: { upload: Upload }) {
  const { t } = useTranslation("uploads");
  const share = u.size > 0 ? Math.min(100, Math.floor((100 * u.sent) / u.size)) : 0;
  const going = u.state === "waiting" || u.state === "sending" || u.state === "retrying";
  return (
    <li data-testid="upload" data-state={u.state}>
      <Group wrap="nowrap" gap={4}>
        <Text className="name" fw={500} size="sm" flex={1} title={u.name}>{u.name}</Text>
        {going && <Act label={t("pause", { name: u.name })} icon={<Pause size={15} />} run={() => queue.pause(u.key)} />}
        {u.state === "paused" && <Act label={t("resume", { name: u.name })} icon={<Play size={15} />} run={() => queue.resume(u.key)} />}
        {u.state === "retrying" && <Act label={t("now", { name: u.name })} icon={<RotateCw size={15} />} run={() => void queue.again(u.key)} />}
        {u.state !== "done" && <Act label={u.state === "failed" ? t("remove", { name: u.name }) : t("cancel", { name: u.name })} icon={<X size={16} />} run={() => queue.cancel(u.key)} />}
      </Group>
      {u.state !== "failed" && u.state !== "waiting" && (
        <Progress
          value={u.state === "done" ? 100 : share}
          size="sm"
          my={4}
          striped={u.state === "checking"}
          animated={u.state === "checking"}
          color={u.state === "done" ? "teal" : u.state === "sending" || u.state === "checking" ? undefined : "gray"}
          aria-label={t("of", { name: u.name })}
        />
      )}
      <Says upload={u} share={share} />
    </li>
  );
});

function Act({ label, icon, run }: { label: string; icon: React.ReactNode; run: () => void }) {
  return <ActionIcon variant="subtle" color="gray" size={26} aria-label={label} title={label} onClick={run}>{icon}</ActionIcon>;
}

function Says({ upload: u, share }: { upload: Upload; share: number }) {
  const { t } = useTranslation("uploads");
  switch (u.state) {
    case "waiting":
      return <Quiet>{t("state.waiting", { size: size(u.size) })}</Quiet>;
    case "sending": {
      const parts = [t("state.sending", { sent: size(u.sent), size: size(u.size) }), u.speed > 0 && t("speed", { size: size(u.speed) }), u.speed > 0 && left((u.size - u.sent) / u.speed)];
      return <Quiet>{parts.filter(Boolean).join(" · ")}</Quiet>;
    }
    case "checking":
      return <Quiet>{t("state.checking")}</Quiet>;
    case "paused":
      return <Quiet>{t("state.paused", { at: percent(share) })}</Quiet>;
    case "done":
      return <Quiet>{t("state.done")}</Quiet>;
    case "retrying":
      return <Again upload={u} />;
    case "lost":
      return (
        <div>
          {u.trouble && <Text size="sm" className="danger">{t("trouble.other_file")}</Text>}
          {u.known ? (
            <>
              <Text size="xs" c="dimmed">{t("state.known")}</Text>
              <Button size="compact-xs" variant="light" mt={4} onClick={() => void queue.goOn(u.key)}>{t("goOn", { at: percent(share) })}</Button>
            </>
          ) : (
            <ChooseAgain label={share > 0 ? t("chooseAt", { at: percent(share) }) : t("chooseAgain")} take={(picked) => queue.give(u.key, picked)} />
          )}
        </div>
      );
    case "failed":
      return (
        <Text size="sm" data-testid="trouble">
          <span className="danger">{wordsOf(u)}</span> <Text span size="xs" c="dimmed">({u.trouble?.code})</Text>{" "}
          {u.trouble?.code === "file_changed" && !u.known ? (
            <ChooseAgain label={t("chooseAgain")} take={(picked) => queue.give(u.key, picked)} />
          ) : (
            u.trouble?.again && <Button size="compact-xs" variant="light" onClick={() => void queue.again(u.key)}>{t("again")}</Button>
          )}
        </Text>
      );
  }
}

const Quiet = ({ children }: { children: React.ReactNode }) => <Text size="xs" c="dimmed" className="numbers">{children}</Text>;

/** What is wrong, and when the next try is. */
function Again({ upload: u }: { upload: Upload }) {
  const { t } = useTranslation("uploads");
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return <Text size="xs" c="dimmed">{wordsOf(u)} {t("state.retrying", { time: wait(Math.max(1, (u.retryAt - now) / 1000)) })}</Text>;
}

/** What happened to a file and what to do, or what the page says of the code everywhere. */
const wordsOf = ({ trouble }: Upload): string =>
  trouble ? i18next.t(`uploads:trouble.${trouble.code as "network"}`, { defaultValue: saidBy(trouble.code, trouble.message) }) : "";
