import "./console.css";
import { Alert, Anchor, Skeleton, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { said } from "../../lib/said";
import { hour } from "../../lib/words";
import { Missing } from "../../parts/Missing";
import { Audit } from "./Audit";
import { Connections } from "./Connections";
import { useConsole } from "./data";
import { Events } from "./Events";
import { Failed } from "./Failed";
import { useHeard } from "./heard";
import { Now } from "./Now";

const parts = ["now", "connections", "events", "failed", "audit"] as const;
type Part = (typeof parts)[number];

/** What an admin sees of the running installation: the organization's own. */
export default function Console({ part = "now" }: { part?: string }) {
  const { t } = useTranslation(["console", "common"]);
  const { data, error, isStale, refetch, dataUpdatedAt } = useConsole();
  const heard = useHeard();
  if (!parts.includes(part as Part)) return <Missing />;
  return (
    <section aria-labelledby="console-title" className="console">
      <div className="consoleHead">
        <Title order={1} size="h3" id="console-title">{t("title")}</Title>
        {data && <Text size="sm" c="dimmed">{t("at", { time: hour(data.at) })}</Text>}
      </div>
      <nav className="consoleParts" aria-label={t("parts.label")}>
        {parts.map((name) => (
          <Link key={name} href={name === "now" ? "/console" : `/console/${name}`} aria-current={name === part ? "page" : undefined}>
            {t(`parts.${name}`)}
            {name === "connections" && data && <> <span className="count">{data.connections.total}</span></>}
          </Link>
        ))}
      </nav>
      {error && (
        <Alert color="yellow" role="status" title={t("silent")}>
          {said(error)} {data && isStale && t("old", { time: hour(dataUpdatedAt) })}{" "}
          <Anchor inherit component="button" type="button" onClick={() => void refetch()}>{t("common:tryAgain")}</Anchor>
        </Alert>
      )}
      {data?.missing && data.missing.length > 0 && (
        <Alert color="yellow" role="status">{t("missing", { what: data.missing.map((m) => t(`missingWhat.${m as "nodes"}`, { defaultValue: m })).join(", ") })}</Alert>
      )}
      {part === "events" ? (
        <Events heard={heard} />
      ) : part === "failed" ? (
        <Failed />
      ) : part === "audit" ? (
        <Audit />
      ) : !data ? (
        !error && <div aria-busy="true" aria-label={t("common:loading")} role="status" className="consoleTiles">{[0, 1, 2, 3].map((i) => <Skeleton key={i} height={92} radius="lg" />)}</div>
      ) : part === "connections" ? (
        <Connections connections={data.connections} nodes={data.nodes ?? []} />
      ) : (
        <Now data={data} />
      )}
    </section>
  );
}
