import { Button, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";

/** For an address that leads nowhere. */
export function Missing() {
  const { t } = useTranslation();
  return (
    <section className="panel empty">
      <Title order={1} size="h3">{t("missing.title")}</Title>
      <Text c="dimmed">{t("missing.words")}</Text>
      <Button component={Link} href="/" variant="default">{t("missing.back")}</Button>
    </section>
  );
}
