import { NativeSelect, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { chooseLanguage, languages, type Language } from "../../lib/i18n";
import type { Session } from "../../lib/session";
import { Panel } from "./Panel";
import { PasswordChange } from "./PasswordChange";

export function Profile({ session }: { session: Session }) {
  const { t, i18n } = useTranslation(["settings", "common"]);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const facts = [
    [t("profile.name"), session.user],
    [t("profile.email"), session.email],
    [t("profile.role"), t(`common:roles.${session.role as "admin"}`, session.role)],
    [t("profile.organization"), session.organizationName || session.organization],
  ].filter(([, value]) => value);
  return (
    <>
      <Panel title={t("parts.profile")}>
        <dl className="facts">
          {facts.map(([name, value]) => <div key={name} className="fact"><dt>{name}</dt><dd>{value}</dd></div>)}
        </dl>
      </Panel>
      <Panel title={t("profile.look")} words={t("profile.lookWords")}>
        <form onSubmit={(event) => event.preventDefault()}>
          <NativeSelect
            label={t("profile.language")}
            value={i18n.language}
            onChange={(event) => void chooseLanguage(event.currentTarget.value as Language)}
            data={Object.entries(languages).map(([value, label]) => ({ value, label }))}
          />
          <NativeSelect
            label={t("profile.theme")}
            value={colorScheme}
            onChange={(event) => setColorScheme(event.currentTarget.value as MantineColorScheme)}
            data={(["auto", "light", "dark"] as const).map((value) => ({ value, label: t(`profile.themes.${value}`) }))}
          />
        </form>
      </Panel>
      {session.account && <PasswordChange email={session.email} />}
    </>
  );
}
