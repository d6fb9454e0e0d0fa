import { Button, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { signOut } from "../../lib/session";
import { Panel } from "./Panel";

/** For who came by a token: the members are those of its issuer. */
export function Outside({ title, local }: { title: string; local: boolean }) {
  const { t } = useTranslation("settings");
  return (
    <Panel title={title}>
      <Text size="sm">{local ? t("outside.local") : t("outside.words")}</Text>
      {local && <div><Button variant="default" onClick={() => signOut()}>{t("outside.out")}</Button></div>}
    </Panel>
  );
}

/** The person at the machine itself, without an account. */
export const isLocal = (session: { account: boolean; organization: string }) => !session.account && session.organization === "local";
