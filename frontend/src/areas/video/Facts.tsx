import { Title } from "@mantine/core";
import type { VideoDocument } from "@reelroom/react";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { useNames } from "../../lib/names";
import { clock, codec, moment, number, size, wait } from "../../lib/words";

type Words = ReturnType<typeof useTranslation<"video">>["t"];

const rate = (bits: number) => (bits >= 1e6 ? `${number(bits / 1e6)} Mbit/s` : `${number(bits / 1e3, 0)} kbit/s`);
const channels = (n: number, t: Words) => (n === 1 ? t("facts.mono") : n === 2 ? t("facts.stereo") : t("facts.channels", { count: n }));

/** All that is known about the file, as a list. */
export function Facts({ video: v }: { video: VideoDocument }) {
  const { t } = useTranslation("video");
  const name = useNames();
  return (
    <>
      <Title order={2} size="h5" mb="xs">{t("facts.title")}</Title>
      <dl className="facts">
        {rows(v, t, name).map(([name, value]) => <Fragment key={name}><dt>{name}</dt><dd>{value}</dd></Fragment>)}
      </dl>
    </>
  );
}

function rows(v: VideoDocument, t: Words, call: (userId: string) => string): [string, string][] {
  const list: [string, string | false | undefined | null][] = [
    [t("facts.name"), v.fileName],
    [t("facts.size"), t("facts.bytes", { size: size(v.size), bytes: number(v.size, 0) })],
  ];
  const m = v.metadata;
  if (m) {
    const s = m.video;
    const shown = `${s.width} × ${s.height}`;
    const coded = s.codedWidth !== s.width || s.codedHeight !== s.height;
    list.push(
      [t("facts.length"), `${clock(m.durationSeconds)} (${number(m.durationSeconds, 2)} s)`],
      [t("facts.container"), m.container.longName || m.container.format],
      [t("facts.picture"), [coded ? t("facts.coded", { shown, coded: `${s.codedWidth} × ${s.codedHeight}` }) : shown, s.rotation && t("facts.turned", { degrees: s.rotation })].filter(Boolean).join(", ")],
      [t("facts.video"), [codec(s.codec), s.profile, s.frameRate > 0 && `${number(s.frameRate, 2)} fps`, s.pixelFormat].filter(Boolean).join(", ")],
      [t("facts.sound"), m.audio?.length ? m.audio.map((a) => [codec(a.codec), channels(a.channels, t), a.sampleRate && `${number(a.sampleRate / 1000)} kHz`, a.language].filter(Boolean).join(", ")).join("; ") : t("facts.noSound")],
      [t("facts.rate"), m.bitRate > 0 && rate(m.bitRate)],
      [t("facts.chapters"), m.chapters?.length ? m.chapters.map((c) => `${clock(c.startMs / 1000)} ${c.title}`).join("; ") : null],
    );
  }
  const took = v.startedAt && v.finishedAt ? (Date.parse(v.finishedAt) - Date.parse(v.startedAt)) / 1000 : null;
  list.push(
    [t("facts.played"), v.playback && t(`facts.kind.${v.playback.kind}`)],
    [t("facts.uploaded"), v.uploadedBy ? t("facts.uploadedBy", { at: moment(v.createdAt), by: call(v.uploadedBy) }) : moment(v.createdAt)],
    [t("facts.took"), took !== null && took >= 0 && v.status === "completed" && (took < 10 ? `${number(took)} s` : wait(took))],
    ["SHA-256", v.sha256],
  );
  return list.filter((row): row is [string, string] => Boolean(row[1]));
}
