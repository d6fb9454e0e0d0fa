import { Title } from "@mantine/core";
import type { VideoDocument } from "@reelroom/react";
import { clock, codec, size } from "../../lib/words";

const date = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const rate = (bits: number) => (bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`);
const channels = (n: number) => ({ 1: "mono", 2: "stereo" })[n] ?? `${n} channels`;

/** All that is known about the file, as a list. */
export function Facts({ video: v }: { video: VideoDocument }) {
  return (
    <section>
      <Title order={3} size="h5" mb="xs">File</Title>
      <dl className="facts">
        {rows(v).map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function rows(v: VideoDocument): [string, string][] {
  const list: [string, string | false | undefined | null][] = [
    ["Name", v.fileName],
    ["Size", `${size(v.size)} (${v.size.toLocaleString()} bytes)`],
  ];
  const m = v.metadata;
  if (m) {
    const s = m.video;
    const coded = s.codedWidth !== s.width || s.codedHeight !== s.height;
    list.push(
      ["Length", `${clock(m.durationSeconds)} (${m.durationSeconds.toFixed(2)} s)`],
      ["Container", m.container.longName || m.container.format],
      ["Picture", `${s.width} × ${s.height}${coded ? `, coded ${s.codedWidth} × ${s.codedHeight}` : ""}${s.rotation ? `, turned ${s.rotation}°` : ""}`],
      ["Video", [codec(s.codec), s.profile, s.frameRate > 0 && `${Number(s.frameRate.toFixed(2))} fps`, s.pixelFormat].filter(Boolean).join(", ")],
      ["Sound", m.audio?.length ? m.audio.map((a) => [codec(a.codec), channels(a.channels), a.sampleRate && `${a.sampleRate / 1000} kHz`, a.language].filter(Boolean).join(", ")).join("; ") : "none"],
      ["Bit rate", m.bitRate > 0 && rate(m.bitRate)],
      ["Chapters", m.chapters?.length ? m.chapters.map((c) => `${clock(c.startMs / 1000)} ${c.title}`).join("; ") : null],
    );
  }
  const took = v.startedAt && v.finishedAt ? (Date.parse(v.finishedAt) - Date.parse(v.startedAt)) / 1000 : null;
  list.push(
    ["Uploaded", `${date.format(new Date(v.createdAt))}${v.uploadedBy ? ` by ${v.uploadedBy}` : ""}`],
    ["Processed in", took !== null && took >= 0 && v.status === "completed" && `${took.toFixed(1)} s${v.attempt > 1 ? `, attempt ${v.attempt}` : ""}`],
    ["SHA-256", v.sha256],
  );
  return list.filter((row): row is [string, string] => Boolean(row[1]));
}
