import { ActionIcon, CloseButton, NativeSelect, TextInput } from "@mantine/core";
import { sorts, statuses, verdicts, type VideoCounts, type VideoQuery, type VideoSort } from "@reelroom/react";
import { LayoutGrid, List, Search } from "lucide-react";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { number, statusWord, verdictWords } from "../../lib/words";
import type { Shape } from "./geometry";

interface Props {
  query: VideoQuery;
  change: (part: VideoQuery, how?: { replace: boolean }) => void;
  counts: VideoCounts | null;
  shape: Shape;
  setShape: (shape: Shape) => void;
}

/** Finds, narrows down and orders. */
export function Toolbar({ query, change, counts, shape, setShape }: Props) {
  const { t } = useTranslation("library");
  return (
    <div className="tools" role="search" aria-label={t("tools")}>
      <SearchBox q={query.q ?? ""} onChange={(q) => change({ q }, { replace: true })} />
      <NativeSelect
        aria-label={t("sort.label")}
        value={query.sort ?? "-createdAt"}
        onChange={(e) => change({ sort: e.currentTarget.value as VideoSort })}
        data={sorts.map((value) => ({ value, label: t(`sort.${value}`) }))}
        className="sort"
      />
      <div className="shapes" role="group" aria-label={t("shape.label")}>
        {(["grid", "list"] as const).map((one) => (
          <ActionIcon key={one} variant={shape === one ? "light" : "subtle"} color={shape === one ? undefined : "gray"} size={36} aria-label={t(`shape.${one}`)} title={t(`shape.${one}`)} aria-pressed={shape === one} onClick={() => setShape(one)}>
            {one === "grid" ? <LayoutGrid size={18} /> : <List size={18} />}
          </ActionIcon>
        ))}
      </div>
      <div className="filters">
        <Chips label={t("byStatus")} all={statuses.filter((s) => s !== "deleted")} chosen={query.status} word={(s) => t(`status.${s as "queued"}`, { defaultValue: statusWord(s) })} counts={counts?.status} onChange={(status) => change({ status })} />
        <Chips label={t("byVerdict")} all={verdicts} chosen={query.verdict} word={(v) => verdictWords(v).word} counts={counts?.verdict} onChange={(verdict) => change({ verdict })} />
      </div>
    </div>
  );
}

interface ChipsProps<T extends string> {
  label: string;
  all: readonly T[];
  chosen: T | readonly T[] | undefined;
  word: (one: T) => string;
  counts: Partial<Record<T, number>> | undefined;
  onChange: (chosen: T[]) => void;
}

function Chips<T extends string>({ label, all, chosen = [], word, counts, onChange }: ChipsProps<T>) {
  const on = new Set<T>(typeof chosen === "string" ? [chosen] : chosen);
  return (
    <div className="chips" role="group" aria-label={label}>
      {all.map((one) => (
        <button key={one} type="button" className="toggle" aria-pressed={on.has(one)} data-filter={one} onClick={() => onChange(all.filter((other) => (other === one) !== on.has(other)))}>
          {word(one)} {counts && <span className="count">{number(counts[one] ?? 0)}</span>}
        </button>
      ))}
    </div>
  );
}

/** How long nobody types before it is searched, in ms. */
const rest = 250;
const longest = 100;

function SearchBox({ q, onChange }: { q: string; onChange: (q: string) => void }) {
  const { t } = useTranslation("library");
  const [text, setText] = useState(q);
  const [known, setKnown] = useState(q);
  const [sent, setSent] = useState(q);
  const box = useRef<HTMLInputElement>(null);
  // Somebody else has changed it: a step back, a cleared filter.
  if (q !== known) {
    setKnown(q);
    if (q !== sent) setText(q);
  }
  const send = useEffectEvent(() => {
    setSent(text.trim());
    onChange(text.trim());
  });
  useEffect(() => {
    if (text.trim() === known) return;
    const timer = setTimeout(send, rest);
    return () => clearTimeout(timer);
  }, [text, known]);
  useEffect(() => {
    const focus = (e: KeyboardEvent) => {
      const typing = e.target instanceof HTMLElement && e.target.closest("input, textarea, select, [contenteditable], [role=dialog]");
      if (e.key !== "/" || e.ctrlKey || e.metaKey || e.altKey || typing) return;
      e.preventDefault();
      box.current?.focus();
      box.current?.select();
    };
    addEventListener("keydown", focus);
    return () => removeEventListener("keydown", focus);
  }, []);
  return (
    <TextInput
      ref={box}
      type="search"
      className="search"
      value={text}
      maxLength={longest}
      onChange={(e) => setText(e.currentTarget.value)}
      onKeyDown={(e) => {
        if (e.key === "Escape" && text) setText("");
        if (e.key === "Enter" && text.trim() !== known) {
          setSent(text.trim());
          onChange(text.trim());
        }
      }}
      leftSection={<Search size={16} aria-hidden />}
      rightSection={text ? <CloseButton size="sm" aria-label={t("search.clear")} onClick={() => { setText(""); box.current?.focus(); }} /> : <kbd aria-hidden>/</kbd>}
      aria-label={t("search.label")}
      aria-keyshortcuts="/"
      placeholder={t("search.hint")}
      autoComplete="off"
      spellCheck={false}
      dir="auto"
    />
  );
}
