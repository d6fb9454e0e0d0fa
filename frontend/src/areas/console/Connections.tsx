import { Badge, Button, Text } from "@mantine/core";
import type { ConsoleConnections, ConsoleNode } from "@reelroom/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useNames } from "../../lib/names";
import { said } from "../../lib/said";
import { toast } from "../../lib/toast";
import { day, number, size } from "../../lib/words";
import { dismiss } from "./data";
import { Table } from "./Table";

/** Who is connected from where, newest first. */
export function Connections({ connections, nodes }: { connections: ConsoleConnections; nodes: ConsoleNode[] }) {
  const { t } = useTranslation(["console", "common"]);
  const nameOf = useNames();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: dismiss,
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["console"] }),
    onError: (error) => void toast({ tone: "bad", message: said(error) }),
  });
  const items = connections.items ?? [];
  return (
    <>
      <div className="consoleFilters">
        {Object.entries(connections.byDoor ?? {}).filter(([, n]) => n > 0).map(([door, n]) => (
          <Badge key={door} variant="default" tt="none" size="lg">{t(`door.${door as "ws"}`, { defaultValue: door })} {number(n)}</Badge>
        ))}
        {nodes.map((n) => (
          <Badge key={n.id} variant="default" tt="none" size="lg" title={t("nodeSince", { time: day(n.startedAt) })}>{t("node", { id: n.id.slice(-6) })} {number(n.connections)}</Badge>
        ))}
      </div>
      <Table label={t("parts.connections")} head={["who", "door", "address", "since", "rooms", "rtt", "sent", "queued", "end"].map((c) => t(`column.${c as "who"}`))} empty={t("noConnections")}>
        {items.map((c) => (
          <tr key={c.id}>
            <th scope="row"><span className="breakable">{nameOf(c.userId)}</span> <Text span size="xs" c="dimmed">{t(`common:roles.${c.role as "admin"}`)}</Text></th>
            <td>{t(`door.${c.door as "ws"}`, { defaultValue: c.door })} <Text span size="xs" c="dimmed">{c.transport}</Text></td>
            <td className="mono whole">{c.address}</td>
            <td className="whole">{day(c.connectedAt)}</td>
            <td className="right">{number(c.rooms)}</td>
            <td className="right">{c.rttMs == null ? "–" : `${number(c.rttMs)} ms`}</td>
            <td className="right">{number(c.sent)}</td>
            <td className="right">{c.queuedBytes ? size(c.queuedBytes) : "–"}</td>
            <td><Button size="compact-xs" variant="default" disabled={end.isPending} aria-label={t("endOf", { who: nameOf(c.userId) })} onClick={() => end.mutate(c)}>{t("end")}</Button></td>
          </tr>
        ))}
      </Table>
      {connections.more > 0 && <Text size="sm" c="dimmed">{t("moreConnections", { count: connections.more, n: number(connections.more) })}</Text>}
    </>
  );
}
