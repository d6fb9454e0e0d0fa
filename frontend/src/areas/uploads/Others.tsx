import { Text } from "@mantine/core";
import { useEvents, type UploadProgress } from "@reelroom/react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Session } from "../../lib/session";
import { useNames } from "../../lib/names";
import { percent } from "../../lib/words";
import { queue } from "./queue";

/** How long an upload is shown that nothing more is heard of, in ms. */
const silence = 10_000;
/** How many of them are named. */
const named = 5;

type Heard = Pick<UploadProgress, "uploadId" | "key" | "userId" | "fileName" | "title" | "received" | "size"> & { at: number };

/** The uploads that others send right now, and this person elsewhere; `gone` have ended since the page was opened. */
export function useOthers(session: Session): { others: readonly Heard[]; gone: ReadonlySet<string> } {
  const [heard, setHeard] = useState<ReadonlyMap<string, Heard>>(new Map());
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set());
  const end = ({ uploadId }: { uploadId: string }) => {
    setGone((all) => new Set([...all, uploadId].slice(-1_000)));
    setHeard((all) => without(all, (one) => one.uploadId === uploadId));
  };
  useEvents("upload:progress", ({ uploadId, key, userId, fileName, title, received, size }) =>
    setHeard((all) => new Map([...all, [uploadId, { uploadId, key, userId, fileName, title, received, size, at: Date.now() }] as const].slice(-200))),
  );
  useEvents("upload:finished", end);
  useEvents("upload:cancelled", end);
  useEffect(() => {
    const timer = setInterval(() => setHeard((all) => without(all, (one) => Date.now() - one.at > silence)), 2_000);
    return () => clearInterval(timer);
  }, []);
  const isOwn = (one: Heard) => one.userId === session.userId && queue.isOwn({ id: one.uploadId, key: one.key });
  return { others: [...heard.values()].filter((one) => !isOwn(one)), gone };
}

function without(all: ReadonlyMap<string, Heard>, which: (one: Heard) => boolean): ReadonlyMap<string, Heard> {
  const rest = [...all].filter(([, one]) => !which(one));
  return rest.length === all.size ? all : new Map(rest);
}

/** Quiet lines: who uploads what. */
export function Others({ list, session }: { list: readonly Heard[]; session: Session }) {
  const { t } = useTranslation("uploads");
  const nameOf = useNames();
  const line = (one: Heard) => {
    const put = { name: one.fileName || one.title, at: percent(one.size > 0 ? Math.min(100, Math.floor((100 * one.received) / one.size)) : 0) };
    if (one.userId === session.userId) return t("other.you", put);
    const who = nameOf(one.userId);
    // Ids that a machine made tell people nothing.
    return who !== one.userId || who.length <= 20 ? t("other.named", { ...put, who }) : t("other.somebody", put);
  };
  return (
    <ul className="others" aria-label={t("other.label")}>
      {list.slice(0, named).map((one) => (
        <li key={one.uploadId} data-testid="other"><Text size="xs" c="dimmed" className="name" title={line(one)}>{line(one)}</Text></li>
      ))}
      {list.length > named && <li><Text size="xs" c="dimmed">{t("other.more", { count: list.length - named })}</Text></li>}
    </ul>
  );
}
