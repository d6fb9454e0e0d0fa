import { Alert, Button, Group, Text } from "@mantine/core";
import { useLibraryStore, useVideoLibrary, type VideoDocument } from "@reelroom/react";
import { RotateCcw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { said, saidBy } from "../../lib/said";
import { day } from "../../lib/words";
import { mayRetry, retryAll } from "../library/deeds";
import { Table } from "./Table";

/** What failed, why, and what can be done about it. */
export function Failed() {
  const { t } = useTranslation(["console", "common"]);
  const store = useLibraryStore();
  const { videos, error, hasMore, loadMore, state } = useVideoLibrary({ status: ["failed"] });
  const retryable = videos.filter(mayRetry);
  const again = (some: readonly VideoDocument[]) => void retryAll(store, [...some]);
  if (state === "loading" || state === "idle") return <Text role="status">{t("common:loading")}</Text>;
  return (
    <>
      {error && <Alert color="yellow" role="status">{said(error)}</Alert>}
      {retryable.length > 1 && (
        <Group><Button variant="default" leftSection={<RotateCcw size={16} aria-hidden />} onClick={() => again(retryable)}>{t("failed.all", { count: retryable.length })}</Button></Group>
      )}
      <Table label={t("parts.failed")} head={[t("column.video"), t("column.why"), t("column.when"), t("column.end")]} empty={t("failed.none")}>
        {videos.map((v) => (
          <tr key={v.id}>
            <th scope="row"><Link href={`/videos/${encodeURIComponent(v.id)}`} className="textLink breakable">{v.title}</Link></th>
            <td>{saidBy(v.code, v.error ?? "")} <Text span size="xs" c="dimmed">({v.code})</Text></td>
            <td className="whole">{v.finishedAt && day(v.finishedAt)}</td>
            <td>{mayRetry(v) && <Button size="compact-xs" variant="default" aria-label={t("failed.retryOf", { title: v.title })} onClick={() => again([v])}>{t("failed.retry")}</Button>}</td>
          </tr>
        ))}
      </Table>
      {hasMore && <Group><Button variant="default" onClick={() => void loadMore()}>{t("more")}</Button></Group>}
    </>
  );
}
