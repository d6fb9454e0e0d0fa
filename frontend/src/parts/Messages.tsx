import { Button, CloseButton } from "@mantine/core";
import { useEvents, type Level } from "@reelroom/react";
import { CircleAlert, Info, MessageCircle, TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { ofAnnouncement, ofChat, ofNotification, type Message, type Messages as Store } from "../lib/messages";
import { useNames } from "../lib/names";
import { hour } from "../lib/words";
import type { Session } from "../lib/session";

const icons = { info: Info, warning: TriangleAlert, critical: CircleAlert } satisfies Record<Level, typeof Info>;
/** The longest wait that a browser's timer takes, in ms. */
const maxWait = 2 ** 31 - 1;

/** What people were told: announcements as bars over the page, notifications and chat in a panel. Each stays until it is dismissed, or over. */
export function Messages({ store, session }: { store: Store; session: Session }) {
  useEvents("server:announcement", (message) => store.add(ofAnnouncement(message)));
  useEvents("notification:personal", (message) => store.add(ofNotification(message)));
  useEvents("chat:message", (message) => store.add(ofChat(message)));
  const all = useSyncExternalStore(store.subscribe, store.get);
  const now = useExpiry(all);
  const current = all.filter((m) => !m.expiresAt || Date.parse(m.expiresAt) > now);
  const bars = current.filter((m) => m.kind === "announcement");
  const rest = current.filter((m) => m.kind !== "announcement");
  return (
    <>
      {bars.length > 0 && <Bars bars={bars} store={store} />}
      {rest.length > 0 && <Panel list={rest} store={store} session={session} />}
    </>
  );
}

function Bars({ bars, store }: { bars: readonly Message[]; store: Store }) {
  const { t } = useTranslation();
  return (
    <section aria-label={t("messages.announcements")} className="wrap bars" data-testid="announcements">
      {bars.map((m) => (
        <div key={m.key} className="panel bar" data-level={m.level} role={m.level === "critical" ? "alert" : "status"}>
          <Icon message={m} />
          <p className="messageText breakable" dir="auto">{m.text}</p>
          <CloseButton aria-label={t("messages.dismiss")} onClick={() => store.dismiss(m.key)} />
        </div>
      ))}
    </section>
  );
}

function Panel({ list, store, session }: { list: readonly Message[]; store: Store; session: Session }) {
  const { t } = useTranslation();
  const nameOf = useNames();
  const end = useRef<HTMLUListElement>(null);
  const last = list.at(-1)!.key;
  useEffect(() => {
    // Some browsers return a promise, which is nothing that an effect may return.
    void end.current?.lastElementChild?.scrollIntoView({ block: "nearest" });
  }, [last]);
  const sender = ({ from }: Message) => (from === "" ? t("messages.operator") : from === session.userId ? t("messages.you") : nameOf(from));
  return (
    <section aria-label={t("messages.label")} className="panel messages" data-testid="messages">
      <header>
        <b>{t("messages.count", { count: list.length })}</b>
        <Button size="compact-xs" variant="default" onClick={() => store.dismiss(...list.map(({ key }) => key))}>{t("messages.dismissAll")}</Button>
      </header>
      <ul ref={end} aria-live="polite" aria-label={t("messages.label")}>
        {list.map((m) => (
          <li key={m.key} data-kind={m.kind} data-level={m.level}>
            <Icon message={m} />
            <div>
              <p className="quiet messageHead"><b className="breakable">{sender(m)}</b> · {t(`messages.kind.${m.kind as "chat"}`)} · <time dateTime={m.at}>{hour(new Date(m.at))}</time></p>
              <p className="messageText breakable" dir="auto">{m.text}</p>
            </div>
            <CloseButton size="sm" aria-label={t("messages.dismiss")} onClick={() => store.dismiss(m.key)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Icon({ message: { kind, level } }: { message: Message }) {
  const Shape = kind === "chat" ? MessageCircle : (icons[level] ?? Info);
  return <Shape size={18} aria-hidden />;
}

/** The time, anew whenever one of the messages is over. */
function useExpiry(all: readonly Message[]): number {
  const [now, setNow] = useState(() => Date.now());
  const next = Math.min(...all.map((m) => (m.expiresAt ? Date.parse(m.expiresAt) : Infinity)).filter((at) => at > now));
  useEffect(() => {
    if (!Number.isFinite(next)) return;
    const timer = setTimeout(() => setNow(Date.now()), Math.min(Math.max(next - Date.now(), 0) + 50, maxWait));
    return () => clearTimeout(timer);
  }, [next, now]);
  return now;
}
