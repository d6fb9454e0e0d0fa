import { NumberInput, Slider } from "@mantine/core";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import { percent } from "../../lib/words";
import { mostFrames, type Edit } from "./thresholds";

interface Props {
  name: keyof Edit;
  value: number;
  onChange: (value: number) => void;
}

/** One number of the policy: by hand, by slider, and what it means. */
export function Threshold({ name, value, onChange }: Props) {
  const { t } = useTranslation("policy");
  const id = useId();
  const frames = name === "minimumRun";
  const [min, max] = frames ? [1, mostFrames] : [0, 100];
  // A score is kept as it is until somebody moves it, and shown in whole percent.
  const shown = frames ? value : Math.round(value * 100);
  const set = (next: number) => onChange(frames ? next : next / 100);
  return (
    <div className="threshold">
      <label htmlFor={id}>{t(`${name}.label`)}</label>
      <NumberInput
        id={id}
        value={shown}
        min={min}
        max={max}
        clampBehavior="strict"
        allowDecimal={false}
        allowNegative={false}
        suffix={frames ? undefined : " %"}
        aria-describedby={`${id}-words`}
        onChange={(next) => typeof next === "number" && next >= min && next <= max && set(next)}
      />
      <Slider
        className="thresholdSlider"
        value={shown}
        min={min}
        max={max}
        label={frames ? undefined : (n) => percent(n)}
        thumbLabel={t(`${name}.label`)}
        thumbProps={{ "aria-valuetext": frames ? t("minimumRun.frames", { count: shown }) : percent(shown) }}
        onChange={set}
      />
      <p id={`${id}-words`} className="thresholdWords">{t(`${name}.words`)}</p>
    </div>
  );
}
