import { Button, NativeSelect, Text, TextInput } from "@mantine/core";
import { eventNames } from "@reelroom/react";
import { Pause, Play } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { hour, number } from "../../lib/words";
import type { Heard, HeardEvents } from "./heard";

/** How many rows are drawn. */
const drawn = 200;

/** The event stream, as this page hears it. */
export function Events({ heard }: { heard: HeardEvents }) {
  const { t } = useTranslation(["console", "common"]);
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const shown = heard.events.filter((e) => (!name || e.name === name) && (!wanted || JSON.stringify(e.payload).toLowerCase().includes(wanted) || e.cursor.includes(wanted)));
  return (
    <>
      <div className="consoleFilters">
        <NativeSelect aria-label={t("events.name")} value={name} onChange={(e) => setName(e.currentTarget.value)} data={[{ value: "", label: t("events.all") }, ...eventNames]} />
        <TextInput aria-label={t("events.filter")} placeholder={t("events.filter")} value={text} onChange={(e) => setText(e.currentTarget.value)} />
        <Button variant="default" leftSection={heard.paused ? <Play size={16} aria-hidden /> : <Pause size={16} aria-hidden />} onClick={() => heard.pause(!heard.paused)}>
          {heard.paused ? t("events.go", { count: heard.waiting, n: number(heard.waiting) }) : t("events.pause")}
        </Button>
        <Button variant="subtle" color="gray" onClick={heard.clear}>{t("events.clear")}</Button>
      </div>
      {shown.length === 0 ? (
        <section className="panel empty"><Text c="dimmed">{t(heard.events.length ? "events.noneFits" : "events.none")}</Text></section>
      ) : (
        <ol className="panel consoleEvents" aria-label={t("parts.events")}>
          {shown.slice(0, drawn).map((e) => <Row key={e.key} event={e} />)}
        </ol>
      )}
    </>
  );
}

function Row({ event: e }: { event: Heard }) {
  const p = (e.payload ?? {}) as Record<string, unknown>;
  const [open, setOpen] = useState(false);
  const words = [p.stage, typeof p.progress === "number" && `${p.progress} %`, p.title ?? p.message ?? p.text ?? p.error].filter(Boolean).join(" · ");
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <time dateTime={new Date(e.at).toISOString()}>{hour(e.at)}</time>
          <b className="mono">{e.name}</b>
          <span className="name">{words}</span>
          <span className="mono cursor">{e.cursor.split(".").at(-1)}</span>
        </summary>
        {open && (
          <>
            {e.video && <Link href={`/videos/${encodeURIComponent(e.video)}`} className="textLink mono">{e.video}</Link>}
            <pre tabIndex={0}>{JSON.stringify(e.payload, null, 2)}</pre>
          </>
        )}
      </details>
    </li>
  );
}
