import type { Policy, SensitivitySegment } from "@reelroom/react";
import { useEffect, useMemo, useRef, useState, type PointerEvent } from "react";
import { useTranslation } from "react-i18next";
import { clock as time, percent } from "../../lib/words";
import type { Clock } from "./clock";
import { nearest, thinned, type Point } from "./scores";

interface Props {
  /** The length of the video. */
  seconds: number;
  segments: SensitivitySegment[];
  points: Point[];
  policy: Policy | undefined;
  clock: Clock;
  scanning: boolean;
}

const lanes = ["explicit", "suggestive"];
/** The drawing's own measures; it is stretched over the strip. */
const [wide, high] = [1000, 100];

/**
 * The scores and what was found, over the time of the video, below the player's
 * scrubber and as wide as that. For the eye and the pointer: the list below it
 * and the scrubber say and do the same.
 */
export function Strip({ seconds, segments, points, policy, clock, scanning }: Props) {
  const { t } = useTranslation("video");
  const head = useRef<HTMLElement>(null);
  const [hover, setHover] = useState<number | null>(null);
  useEffect(() => {
    const move = () => {
      const { time: at, duration } = clock.read();
      const share = Math.min(1, at / (duration || seconds));
      if (head.current) head.current.style.left = `${share * 100}%`;
    };
    move();
    return clock.subscribe(move);
  }, [clock, seconds]);

  const shown = useMemo(() => thinned(points, 600), [points]);
  const line = (value: (p: Point) => number) => shown.map((p, i) => `${i ? "L" : "M"}${((p.at / seconds) * wide).toFixed(1)} ${(high - value(p) * high).toFixed(1)}`).join("");
  const x = (p: Point | undefined) => (((p?.at ?? 0) / seconds) * wide).toFixed(1);
  const left = (s: SensitivitySegment) => `${Math.min(100, s.startMs / seconds / 10)}%`;
  const width = (s: SensitivitySegment) => `${Math.max(0, Math.min(s.endMs, seconds * 1000) - s.startMs) / seconds / 10}%`;
  const at = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * seconds;
  };
  const under = hover === null ? undefined : nearest(points, hover);
  const word = (category: string) => t(`found.category.${category as "explicit"}`, { defaultValue: category });

  return (
    <div className="stripBox" data-testid="strip">
      <div
        className="strips"
        data-scanning={scanning || undefined}
        aria-hidden
        onPointerDown={(event) => event.button === 0 && clock.seek(at(event))}
        onPointerMove={(event) => {
          setHover(at(event));
          if (event.buttons & 1) clock.seek(at(event));
        }}
        onPointerLeave={() => setHover(null)}
      >
        {points.length > 0 && (
          <svg className="curve" viewBox={`0 0 ${wide} ${high}`} preserveAspectRatio="none" focusable="false">
            {policy && <line className="mark review" x1={0} x2={wide} y1={high - policy.reviewAt * high} y2={high - policy.reviewAt * high} />}
            {policy && <line className="mark flag" x1={0} x2={wide} y1={high - policy.flagAt * high} y2={high - policy.flagAt * high} />}
            <path className="area" d={`${line((p) => p.explicit)}L${x(shown.at(-1))} ${high}L${x(shown[0])} ${high}Z`} />
            <path className="line explicit" d={line((p) => p.explicit)} />
            <path className="line suggestive" d={line((p) => p.suggestive)} />
          </svg>
        )}
        {lanes.map((lane) => (
          <div key={lane} className="lane">
            {segments.filter((s) => (s.category === "suggestive" ? "suggestive" : "explicit") === lane).map((s) => (
              <i key={`${s.startMs} ${s.category}`} className={`swatch ${lane}`} data-testid="segment" style={{ left: left(s), width: width(s) }} />
            ))}
          </div>
        ))}
        <i ref={head} className="playhead" data-testid="playhead" />
        {hover !== null && (
          <span className="stripHint" style={{ left: `${Math.min(88, Math.max(12, (hover / seconds) * 100))}%` }}>
            {time(hover)}
            {under && ` · ${word("explicit")} ${percent(under.explicit * 100)} · ${word("suggestive")} ${percent(under.suggestive * 100)}`}
          </span>
        )}
      </div>
      <ul className="legend">
        {lanes.map((lane) => <li key={lane}><i className={`swatch ${lane}`} aria-hidden /> {word(lane)}</li>)}
        {points.length > 0 && policy && (
          <>
            <li><i className="markKey review" aria-hidden /> {t("found.reviewAt", { score: percent(policy.reviewAt * 100) })}</li>
            <li><i className="markKey flag" aria-hidden /> {t("found.flagAt", { score: percent(policy.flagAt * 100) })}</li>
          </>
        )}
      </ul>
    </div>
  );
}
