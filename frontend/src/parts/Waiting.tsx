import { Button, Center, Loader, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { loadAgain, useTrouble } from "../lib/load";

/** Stands where a part of the page is on its way, and says what keeps it; whole for the page itself. */
export function Waiting({ whole = false }: { whole?: boolean }) {
  const { t } = useTranslation();
  const trouble = useTrouble();
  const height = whole ? "100dvh" : "40vh";
  if (trouble === "none") {
    return (
      <Center mih={height}>
        <Loader aria-label={t("loading")} role="status" />
      </Center>
    );
  }
  return (
    <Center mih={height}>
      <section className="panel empty notLoaded" role="status" data-testid="notLoaded" data-why={trouble}>
        <Title order={1} size="h3">{t(`notLoaded.${trouble}.title`)}</Title>
        <Text c="dimmed">{t(`notLoaded.${trouble}.words`)}</Text>
        {trouble === "outdated" ? <Reload /> : <Button variant="default" onClick={loadAgain}>{t("tryAgain")}</Button>}
      </section>
    </Center>
  );
}

/** Loads the whole page again. */
export function Reload({ small = false }: { small?: boolean }) {
  const { t } = useTranslation();
  return <Button variant="default" size={small ? "compact-sm" : undefined} onClick={() => location.reload()}>{t("notLoaded.reload")}</Button>;
}
