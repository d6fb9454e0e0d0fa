import { Button, UnstyledButton, VisuallyHidden } from "@mantine/core";
import type { SensitivitySegment } from "@reelroom/react";
import { Eye, EyeOff, ImageOff, Play } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ownURL } from "../../lib/api";
import { clock as time, percent, span } from "../../lib/words";
import type { Clock } from "./clock";

/** How many are shown at first. */
const few = 12;

/** Every moment that was found, in words: jump to it, and look at its picture if you want to. */
export function Moments({ segments, clock, scanning }: { segments: SensitivitySegment[]; clock: Clock; scanning: boolean }) {
  const { t } = useTranslation("video");
  const [all, setAll] = useState(false);
  if (segments.length === 0) return null;
  return (
    <>
      <ol className="moments" aria-label={t("found.moments")}>
        {(all ? segments : segments.slice(0, few)).map((s) => <Moment key={`${s.startMs} ${s.category}`} segment={s} clock={clock} scanning={scanning} />)}
      </ol>
      {!all && segments.length > few && <Button mt="sm" size="compact-sm" variant="default" onClick={() => setAll(true)}>{t("found.more", { count: segments.length })}</Button>}
    </>
  );
}

function Moment({ segment: s, clock, scanning }: { segment: SensitivitySegment; clock: Clock; scanning: boolean }) {
  const { t } = useTranslation("video");
  const [shown, setShown] = useState(false);
  const picture = ownURL(s.evidence);
  const lane = s.category === "suggestive" ? "suggestive" : "explicit";
  const category = t(`found.category.${s.category as "explicit"}`, { defaultValue: s.category });
  const score = percent(s.score * 100);
  return (
    <li data-testid="moment">
      <div className="evidence" data-shown={shown || undefined}>
        {picture ? (
          <>
            {/* It may be just what people do not want to see, so it is blurred until somebody asks for it. */}
            <img src={picture} alt={shown ? t("found.evidence", { time: time(s.evidenceMs / 1000) }) : ""} loading="lazy" decoding="async" />
            <UnstyledButton className="reveal" aria-pressed={shown} onClick={() => setShown(!shown)}>
              {shown ? <EyeOff size={16} aria-hidden /> : <Eye size={16} aria-hidden />}
              <span>{shown ? t("found.hide") : t("found.show")}</span>
            </UnstyledButton>
          </>
        ) : (
          <span className="noEvidence"><ImageOff size={18} aria-hidden /> {t(scanning ? "found.later" : "found.noEvidence")}</span>
        )}
      </div>
      <UnstyledButton className="jump" onClick={() => clock.seek(s.startMs / 1000)}>
        <Play size={14} aria-hidden />
        <VisuallyHidden>{t("found.jump")} </VisuallyHidden>
        <span className="number">{span(s.startMs, s.endMs)}</span>{" "}
        <span className="category"><i className={`swatch ${lane}`} aria-hidden /> {category}</span>{" "}
        <span className="number quiet">{score}</span>
      </UnstyledButton>
    </li>
  );
}
