import "./library.css";
import "./tools.css";
import { Alert, Anchor, Button, Loader, Text, Title } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useConnection, useVideoCounts, useVideoIds } from "@reelroom/react";
import { ArrowUp, Film, SearchX } from "lucide-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { said } from "../../lib/said";
import { number } from "../../lib/words";
import { ChooseFiles } from "../uploads/ChooseFiles";
import { useCalm } from "./calm";
import { deletions } from "./deletions";
import type { Shape } from "./geometry";
import { restricts, useLibraryQuery } from "./query";
import { selection, useSelection } from "./selection";
import { SelectionBar } from "./SelectionBar";
import { Skeletons } from "./Skeletons";
import { Toolbar } from "./Toolbar";
import { Videos } from "./Videos";

/** Everything that the organization has, live. */
export function Library({ editor }: { editor: boolean }) {
  const { t } = useTranslation("library");
  const { query, name, change, clear } = useLibraryQuery();
  const [shape, setShape] = useLocalStorage<Shape>({ key: "reelroom.shape", defaultValue: "grid", getInitialValueInEffect: false });
  const counts = useVideoCounts().value;
  const chosen = useSelection();
  const narrowed = restricts(query);
  const active = (counts?.status.queued ?? 0) + (counts?.status.processing ?? 0);

  useEffect(() => {
    const undo = (e: KeyboardEvent) => {
      const typing = e.target instanceof HTMLElement && e.target.closest("input:not([type=checkbox]), textarea, [role=dialog]");
      if (e.key !== "z" || !(e.ctrlKey || e.metaKey) || e.shiftKey || typing) return;
      deletions.undo();
    };
    addEventListener("keydown", undo);
    return () => {
      removeEventListener("keydown", undo);
      selection.clear();
    };
  }, []);

  return (
    <section aria-labelledby="library-title" className={chosen.size > 0 ? "choosing" : undefined}>
      <div className="libraryHead">
        <Title order={1} size="h3" id="library-title">{t("title")}</Title>
        <Text size="sm" c="dimmed" className="total">
          {counts && [t("total", { count: counts.total, n: number(counts.total) }), active > 0 && t("active", { count: active, n: number(active) })].filter(Boolean).join(" · ")}
        </Text>
      </div>
      <Toolbar query={query} change={change} counts={counts} shape={shape === "list" ? "list" : "grid"} setShape={setShape} />
      <List key={name} name={name} query={query} shape={shape === "list" ? "list" : "grid"} editor={editor} narrowed={narrowed} clear={clear} />
      {editor && chosen.size > 0 && <SelectionBar chosen={chosen} />}
    </section>
  );
}

interface ListProps extends Pick<ReturnType<typeof useLibraryQuery>, "query" | "name" | "clear"> {
  shape: Shape;
  editor: boolean;
  narrowed: boolean;
}

function List({ name, query, shape, editor, narrowed, clear }: ListProps) {
  const { t } = useTranslation(["library", "common"]);
  const { state, error, ids, hasMore, loadingMore, loadMore, reload } = useVideoIds(query);
  const { shown, waiting } = useCalm(ids);
  const connection = useConnection();
  const ready = state === "ready";
  const again = <Anchor inherit component="button" type="button" onClick={() => void (ready && hasMore ? loadMore() : reload())}>{t("common:tryAgain")}</Anchor>;

  if (!ready && ids.length === 0) {
    if (state === "error") return <Alert color="red" title={t("broken")} role="alert">{error && said(error)} {again}</Alert>;
    const lost = connection.state === "reconnecting" || connection.state === "refused";
    return (
      <>
        {lost && <Alert color="yellow" title={t("silent")} role="status" mb="md">{connection.error && said(connection.error)} {t("byItself")}</Alert>}
        <Skeletons shape={shape} still={lost} />
      </>
    );
  }
  if (ids.length === 0 && !hasMore) return narrowed ? <NothingFound clear={clear} /> : <NothingYet editor={editor} />;

  return (
    <>
      <p role="status" className="unseen">{ready && narrowed && t(hasMore ? "foundMore" : "found", { count: ids.length, n: number(ids.length) })}</p>
      {waiting > 0 && (
        <Button className="floating new" radius="xl" size="compact-md" leftSection={<ArrowUp size={16} aria-hidden />} data-testid="new" onClick={() => {
          window.scrollTo({ top: 0 });
          document.getElementById("main")?.focus({ preventScroll: true });
        }}>
          {t("new", { count: waiting, n: number(waiting) })}
        </Button>
      )}
      <Videos name={name} ids={shown} shape={shape} editor={editor} ready={ready} hasMore={hasMore} stopped={loadingMore || error !== null} loadMore={loadMore} />
      <div className="end">
        {error ? (
          <Alert color="yellow" role="alert">{t("noMore")} {said(error)} {again}</Alert>
        ) : loadingMore ? (
          <Loader size="sm" role="status" aria-label={t("common:loading")} />
        ) : (
          hasMore && <Button variant="default" onClick={() => void loadMore()}>{t("more")}</Button>
        )}
      </div>
    </>
  );
}

function NothingFound({ clear }: { clear: () => void }) {
  const { t } = useTranslation("library");
  return (
    <section className="panel empty" role="status">
      <SearchX size={44} strokeWidth={1.4} aria-hidden />
      <Title order={2} size="h3">{t("nothing.title")}</Title>
      <Text c="dimmed" maw={420}>{t("nothing.words")}</Text>
      <Button variant="default" mt="xs" onClick={clear}>{t("nothing.clear")}</Button>
    </section>
  );
}

function NothingYet({ editor }: { editor: boolean }) {
  const { t } = useTranslation("library");
  return (
    <section className="panel empty">
      <Film size={44} strokeWidth={1.4} aria-hidden />
      <Title order={2} size="h3">{t("empty.title")}</Title>
      <Text c="dimmed" maw={420}>{t(editor ? "empty.editor" : "empty.viewer")}</Text>
      {editor && <ChooseFiles label={t("empty.choose")} mt="xs" />}
    </section>
  );
}
