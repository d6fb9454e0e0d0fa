import { Alert, Button, Group, NativeSelect, Text } from "@mantine/core";
import { auditActions, type AuditEntry, type AuditState } from "@reelroom/react";
import { useTranslation } from "react-i18next";
import { useState } from "react";
import { Link } from "wouter";
import { useNames } from "../../lib/names";
import { said } from "../../lib/said";
import { moment } from "../../lib/words";
import { useTrail } from "./data";
import { Table } from "./Table";

/** Who did what, newest first. */
export function Audit() {
  const { t } = useTranslation(["console", "common"]);
  const [action, setAction] = useState("");
  const nameOf = useNames();
  const trail = useTrail(action);
  const entries = trail.data?.pages.flatMap((p) => p.data) ?? [];
  return (
    <>
      <div className="consoleFilters">
        <NativeSelect
          aria-label={t("audit.action")}
          value={action}
          onChange={(e) => setAction(e.currentTarget.value)}
          data={[{ value: "", label: t("audit.all") }, ...auditActions.map((a) => ({ value: a, label: t(`audit.actions.${key(a)}`, { defaultValue: a }) }))]}
        />
      </div>
      {trail.error && <Alert color="yellow" role="status">{said(trail.error)}</Alert>}
      {trail.isPending ? (
        <Text role="status">{t("common:loading")}</Text>
      ) : (
        <Table label={t("parts.audit")} head={[t("column.when"), t("column.who"), t("column.what"), t("column.of"), t("column.change")]} empty={t("audit.none")}>
          {entries.map((e) => (
            <tr key={e.id}>
              <td className="whole">{moment(e.at)}</td>
              <th scope="row" className="breakable">{e.by ? nameOf(e.by) : t("audit.machine")}</th>
              <td>{t(`audit.actions.${key(e.action)}`, { defaultValue: e.action })}{e.count && e.count > 1 ? ` × ${e.count}` : ""}</td>
              <td className="breakable">{e.videoId ? <Link href={`/videos/${encodeURIComponent(e.videoId)}`} className="textLink mono">{e.videoId.slice(-8)}</Link> : e.target ? nameOf(e.target) : ""}</td>
              <td className="breakable">{changeOf(e)}{e.note && <Text size="xs" c="dimmed">{e.note}</Text>}</td>
            </tr>
          ))}
        </Table>
      )}
      {trail.hasNextPage && <Group><Button variant="default" loading={trail.isFetchingNextPage} onClick={() => void trail.fetchNextPage()}>{t("more")}</Button></Group>}
    </>
  );
}

/** i18next takes a dot for a level. */
const key = (action: string) => action.replaceAll(".", "_") as "policy_changed";

/** "editor → viewer": what changed, short. */
function changeOf({ before, after }: AuditEntry): string {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])] as (keyof AuditState)[];
  const show = (state: AuditState, name: keyof AuditState) => {
    const value = state?.[name];
    return value == null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  };
  return names
    .filter((name) => name !== "policy")
    .map((name) => [show(before, name), show(after, name)].filter(Boolean).join(" → "))
    .filter(Boolean)
    .join(", ");
}
