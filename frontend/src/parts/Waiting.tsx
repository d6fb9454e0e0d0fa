import { Center, Loader } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** Stands where a part of the page is on its way; whole for the page itself. */
export function Waiting({ whole = false }: { whole?: boolean }) {
  const { t } = useTranslation();
  return (
    <Center mih={whole ? "100dvh" : "40vh"}>
      <Loader aria-label={t("loading")} role="status" />
    </Center>
  );
}
