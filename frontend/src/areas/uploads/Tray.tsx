import "./uploads.css";
import { ActionIcon, Button, Group, Progress, Text, VisuallyHidden } from "@mantine/core";
import { useConnection } from "@reelroom/react";
import { ChevronDown, ChevronUp, Pause, Play } from "lucide-react";
import { useEffect, useId, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { Session } from "../../lib/session";
import { left } from "../../lib/words";
import type { Upload } from "./job";
import { keepFocus } from "./focus";
import { Others, useOthers } from "./Others";
import { queue } from "./queue";
import { Row } from "./Row";
import { Unfinished } from "./Unfinished";
import type { Begun } from "./Uploads";
import { uploads } from "./uploads";

/** How many rows are shown, and how many more a click adds. */
const rows = 50;

/** What is on its way, in the corner of every page. */
export default function Tray({ session, begun }: { session: Session; begun: readonly Begun[] }) {
  const { t } = useTranslation("uploads");
  const { list, total, done, elsewhere, ready } = useSyncExternalStore(queue.subscribe, queue.snapshot);
  const [open, setOpen] = useState(true);
  const [most, setMost] = useState(rows);
  const body = useId();
  useLife();

  const { others, gone } = useOthers(session);
  const away = new Set([...elsewhere.flatMap(({ id, key }) => [id, key]), ...gone, ...others.map((o) => o.uploadId)]);
  const unfinished = ready ? begun.filter((u) => !queue.isOwn(u) && !away.has(u.id) && !(u.key && away.has(u.key))) : [];

  const count = (...states: Upload["state"][]) => list.filter((u) => states.includes(u.state)).length;
  const failed = count("failed");
  const lost = count("lost");
  const moving = count("waiting", "sending", "checking", "retrying");
  const paused = count("paused");
  const summary = [
    total > 0 && list.length > 0 && (done === total ? t("summary.done", { count: done }) : t("summary.some", { done, count: total })),
    failed > 0 && t("summary.failed", { count: failed }),
    list.length === 0 && unfinished.length > 0 && t("summary.unfinished", { count: unfinished.length }),
    list.length === 0 && unfinished.length === 0 && others.length > 0 && t("summary.others", { count: others.length }),
  ].filter(Boolean).join(", ");
  const rest = moving > 0 ? restOf(list) : "";

  // Told at the beginning, at each quarter, with each refusal and at the end: not with every percent.
  const milestone = [total, failed, lost, total > 0 && Math.floor((4 * done) / total)].join();
  const [told, tell] = useState({ milestone: "", words: "" });
  if (told.milestone !== milestone) tell({ milestone, words: [summary, lost > 0 && t("summary.lost", { count: lost })].filter(Boolean).join(". ") });

  if (list.length === 0 && unfinished.length === 0 && others.length === 0) return null;
  return (
    <section aria-label={t("label")} className="panel tray" data-testid="uploads" ref={keepFocus}>
      <VisuallyHidden role="status">{told.words}</VisuallyHidden>
      <Group wrap="nowrap" gap="xs" className="trayHead">
        <div className="traySummary" data-testid="summary">
          <Text fw={600} size="sm">{summary}</Text>
          {rest && <Text size="xs" c="dimmed" className="number">{rest}</Text>}
        </div>
        {moving > 1 && <IconButton label={t("pauseAll")} icon={<Pause size={16} />} run={queue.pauseAll} />}
        {moving === 0 && paused > 1 && <IconButton label={t("resumeAll")} icon={<Play size={16} />} run={queue.resumeAll} />}
        <ActionIcon variant="subtle" color="gray" aria-label={open ? t("collapse") : t("expand")} aria-expanded={open} aria-controls={body} onClick={() => setOpen(!open)}>
          {open ? <ChevronDown size={18} /> : <ChevronUp size={18} />}
        </ActionIcon>
      </Group>
      {total > 1 && list.length > 0 && <Progress value={wholeOf(list, total, done)} size={3} radius={0} aria-label={t("progress")} />}
      <div id={body} hidden={!open} className="trayBody">
        {failed > 1 && (
          <Group gap="xs" className="trayLine">
            {list.some((u) => u.state === "failed" && u.trouble?.again) && <Button size="compact-xs" variant="light" onClick={queue.retryFailed}>{t("retryFailed")}</Button>}
            <Button size="compact-xs" variant="default" onClick={queue.dismissFailed}>{t("dismissFailed")}</Button>
          </Group>
        )}
        {list.length > 0 && <ul className="uploads">{list.slice(0, most).map((upload) => <Row key={upload.key} upload={upload} />)}</ul>}
        {list.length > most && (
          <Group justify="space-between" className="trayLine">
            <Text size="sm" c="dimmed">{t("hidden", { count: list.length - most })}</Text>
            <Button size="compact-xs" variant="default" onClick={() => setMost(most + rows)}>{t("more")}</Button>
          </Group>
        )}
        {moving + paused + lost > 1 && <CancelAll count={moving + paused + lost} />}
        {unfinished.length > 0 && <Unfinished list={unfinished} />}
        {others.length > 0 && <Others list={others} session={session} />}
      </div>
    </section>
  );
}

function IconButton({ label, icon, run }: { label: string; icon: React.ReactNode; run: () => void }) {
  return <ActionIcon variant="subtle" color="gray" aria-label={label} title={label} onClick={run}>{icon}</ActionIcon>;
}

/** Asks once more, in its place. */
function CancelAll({ count }: { count: number }) {
  const { t } = useTranslation("uploads");
  const [asked, ask] = useState(false);
  return (
    <Group gap="xs" className="trayLine">
      {asked ? (
        <>
          <Button size="compact-xs" color="red.9" autoFocus onClick={queue.cancelAll}>{t("cancelAllNow", { count })}</Button>
          <Button size="compact-xs" variant="default" onClick={() => ask(false)}>{t("keep")}</Button>
        </>
      ) : (
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => ask(true)}>{t("cancelAll")}</Button>
      )}
    </Group>
  );
}

/** What begins and ends with the tray. */
function useLife() {
  const { state } = useConnection();
  useEffect(() => uploads.begin(), []);
  useEffect(() => {
    if (state === "connected") queue.wake();
  }, [state]);
  useEffect(() => {
    const leaving = (e: BeforeUnloadEvent) => queue.atRisk() && e.preventDefault();
    const back = () => {
      if (document.visibilityState !== "visible") return;
      queue.wake();
      void queue.restore();
    };
    window.addEventListener("beforeunload", leaving);
    window.addEventListener("online", queue.wake);
    document.addEventListener("visibilitychange", back);
    return () => {
      window.removeEventListener("beforeunload", leaving);
      window.removeEventListener("online", queue.wake);
      document.removeEventListener("visibilitychange", back);
    };
  }, []);
}

/** Percent of the bytes; what has left the list counts by its number. */
function wholeOf(list: readonly Upload[], total: number, done: number): number {
  const size = list.reduce((sum, u) => sum + u.size, 0);
  const part = size > 0 ? list.reduce((sum, u) => sum + u.sent, 0) / size : 1;
  const away = Math.max(total - list.length, 0);
  return total > 0 ? Math.min(100, (100 * (Math.min(away, done) + part * list.length)) / Math.max(total, 1)) : 0;
}

/** How long all of it takes at the present speed. */
function restOf(list: readonly Upload[]): string {
  const speed = list.reduce((sum, u) => sum + (u.state === "sending" ? u.speed : 0), 0);
  const bytes = list.reduce((sum, u) => sum + (u.state === "sending" || u.state === "waiting" ? u.size - u.sent : 0), 0);
  return speed > 0 && bytes > 0 ? left(bytes / speed) : "";
}
