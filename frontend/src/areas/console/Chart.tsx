import "uplot/dist/uPlot.min.css";
import { Title, useComputedColorScheme } from "@mantine/core";
import { useEffect, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import UPlot from "uplot";

export interface Line {
  name: string;
  color: "violet" | "teal" | "orange";
}

interface Props {
  title: string;
  unit: string;
  lines: Line[];
  /** The times in seconds, then the values of each line; null where nothing was measured. */
  columns: (number | null)[][];
  /** The same in words, for who does not see it. */
  summary: string;
}

const height = 150;

/** Lines over time, drawn on a canvas: it is drawn again every two seconds, at no cost to the rest of the page. */
export function Chart({ title, unit, lines, columns, summary }: Props) {
  const { i18n } = useTranslation();
  const scheme = useComputedColorScheme("light");
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const data = useRef(columns);
  const names = lines.map((l) => `${l.color} ${l.name}`).join("\n");

  useLayoutEffect(() => {
    const on = place.current!;
    const style = getComputedStyle(on);
    const color = (name: string) => style.getPropertyValue(name).trim();
    const [text, grid] = [color("--mantine-color-dimmed"), color("--line")];
    const font = `11px ${style.fontFamily}`;
    const axis: UPlot.Axis = { stroke: text, font, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
    const clock = new Intl.DateTimeFormat(i18n.language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
    const digits = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1, notation: "compact" });
    const made = new UPlot(
      {
        width: on.clientWidth || 300,
        height,
        legend: { show: false },
        cursor: { show: false },
        padding: [8, 26, 0, 0],
        scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(1, (most ?? 0) * 1.15)] } },
        axes: [
          { ...axis, space: 90, size: 26, values: (_, at) => at.map((s) => clock.format(s * 1000)) },
          { ...axis, size: 42, values: (_, at) => at.map((n) => digits.format(n)) },
        ],
        series: [
          {},
          ...names.split("\n").map((name) => {
            const stroke = color(`--chart-${name.split(" ")[0]}`);
            return { stroke, width: 2, fill: `${stroke}18`, points: { show: false } };
          }),
        ],
      },
      data.current as UPlot.AlignedData,
      on,
    );
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: on.clientWidth, height }));
    watch.observe(on);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [scheme, names, i18n.language]);

  useEffect(() => {
    data.current = columns;
    plot.current?.setData(columns as UPlot.AlignedData);
  }, [columns]);

  return (
    <figure className="panel consoleChart">
      <figcaption>
        <Title order={2} size="h5">{title}</Title>
        <span className="consoleLegend">
          {lines.length > 1 && lines.map((l) => <span key={l.name}><i className={l.color} aria-hidden />{l.name}</span>)}
          {unit}
        </span>
      </figcaption>
      <div ref={place} role="img" aria-label={summary} />
    </figure>
  );
}
