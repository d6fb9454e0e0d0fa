import { Skeleton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Shape } from "./geometry";

/** Stands where the videos will be, in their size. */
export function Skeletons({ shape, still }: { shape: Shape; still: boolean }) {
  const { t } = useTranslation();
  return (
    <ul className={`skeletons ${shape}`} aria-busy="true" aria-label={t("loading")}>
      {Array.from({ length: 8 }, (_, i) => (
        <li key={i}><Skeleton height="100%" radius="lg" animate={!still} /></li>
      ))}
    </ul>
  );
}
