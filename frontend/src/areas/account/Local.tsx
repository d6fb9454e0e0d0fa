import { Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Tells the person at the machine where the link is that signs in without an account. */
export function Local() {
  const { t } = useTranslation("account");
  return (
    <>
      <Text size="sm" data-testid="local">{t("local.words")}</Text>
      <Text size="sm" c="dimmed">{t("local.where")}</Text>
    </>
  );
}
