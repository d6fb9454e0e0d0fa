import { Progress, Text, Title } from "@mantine/core";
import type { Console, ConsolePoint } from "@reelroom/react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { number, size, stageWord, wait } from "../../lib/words";
import { Chart, type Line } from "./Chart";

const ms = (value: number | null | undefined) => (value == null ? "–" : `${number(value, value < 10 ? 1 : 0)} ms`);

/** The present at a glance, and the last ten minutes. */
export function Now({ data }: { data: Console }) {
  const { t } = useTranslation(["console", "common"]);
  const { connections, queue, latency, limits } = data;
  const series = useMemo(() => data.series ?? [], [data.series]);
  const last = series.at(-1);
  return (
    <>
      <dl className="consoleTiles">
        <Tile name={t("tile.connections")} value={number(connections.total)} more={t("tile.nodes", { count: data.nodes?.length ?? 0 })} />
        <Tile name={t("tile.events")} value={number(last?.events ?? 0)} more={t("tile.delivered", { n: number(last?.delivered ?? 0, 0) })} />
        <Tile name={t("tile.latency")} value={ms(latency.p50Ms)} more={t("tile.p99", { time: ms(latency.p99Ms) })} />
        <Tile name={t("tile.queue")} value={number(queue.waiting)} more={[t("tile.running", { n: number(queue.running) }), queue.oldestSeconds > 0 && t("tile.oldest", { time: wait(queue.oldestSeconds) })].filter(Boolean).join(" · ")} />
      </dl>
      <div className="consoleCharts">
        <Graph title={t("chart.throughput")} unit={t("chart.perSecond")} series={series} lines={[line(t("chart.events"), "violet", "events"), line(t("chart.delivered"), "teal", "delivered")]} />
        <Graph title={t("chart.latency")} unit="ms" series={series} lines={[line("p50", "teal", "p50Ms"), line("p99", "orange", "p99Ms")]} />
        <Graph title={t("chart.queue")} unit={t("chart.videos")} series={series} lines={[line(t("chart.waiting"), "orange", "waiting"), line(t("chart.running"), "violet", "running")]} />
        <Graph title={t("chart.connections")} unit="" series={series} lines={[line(t("chart.connections"), "violet", "connections")]} />
      </div>
      <div className="consolePair">
        <section className="panel" aria-labelledby="workers-title">
          <Title order={2} size="h5" id="workers-title">{t("workers.title")}</Title>
          {queue.workers?.length ? (
            <ul className="plainList">
              {queue.workers.map((w) => (
                <li key={w.id}>
                  <div className="statusRow"><span className="name mono">{w.id.slice(-8)}</span><span className="number">{t("workers.busy", { n: w.busy, of: w.concurrency })}</span></div>
                  <Progress value={w.concurrency ? (100 * w.busy) / w.concurrency : 0} size="sm" mt={4} aria-label={t("workers.busy", { n: w.busy, of: w.concurrency })} />
                  {w.videos?.map((v) => (
                    <Text key={v.videoId} size="sm" className="name" mt={4}>
                      <Link href={`/videos/${encodeURIComponent(v.videoId)}`} className="textLink">{v.title}</Link> · {stageWord(v.stage)}
                    </Text>
                  ))}
                </li>
              ))}
            </ul>
          ) : (
            <Text size="sm" c="dimmed">{t("workers.none")}</Text>
          )}
        </section>
        <section className="panel" aria-labelledby="limits-title">
          <Title order={2} size="h5" id="limits-title">{t("limits.title")}</Title>
          <ul className="plainList">
            {limits?.map((l) => {
              const shown = (n: number) => (l.unit === "bytes" ? size(n) : number(n));
              const words = l.limit ? t("limits.used", { n: shown(l.used), of: shown(l.limit) }) : t("limits.free", { n: shown(l.used) });
              const name = t(`limits.names.${l.name as "connections"}`, { defaultValue: l.name });
              const share = l.limit ? Math.min(100, (100 * l.used) / l.limit) : 0;
              return (
                <li key={l.name}>
                  <div className="statusRow"><span className="name">{name}</span><span className="number">{words}</span></div>
                  <Progress value={share} size="sm" mt={4} color={share > 90 ? "red" : share > 70 ? "yellow" : undefined} aria-label={`${name}: ${words}`} />
                </li>
              );
            })}
          </ul>
        </section>
      </div>
    </>
  );
}

function Tile({ name, value, more }: { name: string; value: string; more: string }) {
  return (
    <div className="panel consoleTile">
      <dt>{name}</dt>
      <dd>
        <span className="figure">{value}</span>
        <span className="more">{more}</span>
      </dd>
    </div>
  );
}

const line = (name: string, color: Line["color"], key: keyof ConsolePoint) => ({ name, color, key });

function Graph({ title, unit, series, lines }: { title: string; unit: string; series: ConsolePoint[]; lines: ReturnType<typeof line>[] }) {
  const columns = [series.map((p) => Date.parse(p.at) / 1000), ...lines.map(({ key }) => series.map((p) => p[key] as number | null))];
  const latest = lines.map(({ name, key }) => {
    const value = series.findLast((p) => p[key] != null)?.[key] as number | undefined;
    return `${name} ${value === undefined ? "–" : number(value)}`;
  });
  return <Chart title={title} unit={unit} lines={lines} columns={columns} summary={`${title}: ${latest.join(", ")} ${unit}`} />;
}
