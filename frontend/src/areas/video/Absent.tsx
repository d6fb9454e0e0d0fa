import { Text, Title } from "@mantine/core";
import { isFinal, type ReelroomError } from "@reelroom/react";
import { useTranslation } from "react-i18next";
import { said } from "../../lib/said";

interface Props {
  why: "deleted" | "unknown" | "refused" | "unreachable";
  /** What was done to the video stands below. */
  trail?: boolean;
  error?: ReelroomError | null;
}

/** Says why there is no video to show, as far as that is known. */
export function Absent({ why, trail = false, error }: Props) {
  const { t } = useTranslation("video");
  return (
    <section className="panel empty" role="status" data-testid="absent" data-why={why}>
      <Title order={1} size="h3">{t(`absent.${why}.title`)}</Title>
      <Text c="dimmed" className="breakable">{error ? said(error) : t(`absent.${why}.words`)}</Text>
      {trail && <Text c="dimmed">{t("absent.trail")}</Text>}
      {error && !isFinal(error) && <Text c="dimmed">{t("absent.again")}</Text>}
    </section>
  );
}
