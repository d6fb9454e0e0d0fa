import { ActionIcon, Badge, Text, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { useConnection } from "@reelroom/react";
import { Activity, CircleUser, Film, Languages, LogOut, Moon, Settings, Sun, type LucideIcon } from "lucide-react";
import i18next from "i18next";
import { useTranslation } from "react-i18next";
import { Link, useRoute } from "wouter";
import { endSession } from "../lib/api";
import { chooseLanguage, languages, type Language } from "../lib/i18n";
import { isAdmin, signOut, type Session } from "../lib/session";
import { ChooseFiles } from "../areas/uploads/ChooseFiles";
import { deletions } from "../areas/library/deletions";
import { uploads } from "../areas/uploads/uploads";
import { LazyMenu } from "./LazyMenu";

export function Header({ session, editor }: { session: Session; editor: boolean }) {
  const { t } = useTranslation();
  const leave = () => {
    uploads.clear();
    void deletions.flush().then(endSession).catch(() => {}).finally(() => signOut());
  };
  return (
    <header className="header">
      <div className="wrap">
        <Link href="/" className="brand">
          <img src="/icon.svg" alt="" width={28} height={28} />
          <span>Reelroom</span>
        </Link>
        <nav aria-label={t("nav.label")} className="nav">
          <Place href="/" icon={Film} word={t("nav.library")} />
          {isAdmin(session) && <Place href="/console" more="/console/:part" icon={Activity} word={t("nav.console")} />}
          <Place href="/settings" more="/settings/:part" icon={Settings} word={t("nav.settings")} />
        </nav>
        <div className="spring" />
        <ConnectionState />
        {editor && <ChooseFiles />}
        <Scheme />
        <LazyMenu
          variant="default"
          size={36}
          label={t("account.label")}
          icon={<CircleUser size={18} />}
          width={240}
          head={
            <>
              <Text component="span" size="sm" c="var(--mantine-color-text)" className="name" display="block">{session.user || t("account.somebody")}</Text>
              <span>{[t(`roles.${session.role as "admin"}`, session.role), session.organizationName || session.organization].filter(Boolean).join(" · ")}</span>
            </>
          }
          items={[
            ...(Object.keys(languages) as Language[]).map((language) => ({
              label: languages[language],
              icon: <Languages size={16} />,
              chosen: i18next.language === language,
              run: () => void chooseLanguage(language),
            })),
            { label: t("account.out"), icon: <LogOut size={16} />, run: leave },
          ]}
        />
      </div>
    </header>
  );
}

function Place({ href, more, icon: Icon, word }: { href: string; more?: string; icon: LucideIcon; word: string }) {
  const [exact] = useRoute(href);
  const [below] = useRoute(more ?? href);
  return (
    <Link href={href} aria-current={exact || below ? "page" : undefined}>
      <Icon size={18} aria-hidden />
      <span>{word}</span>
    </Link>
  );
}

function ConnectionState() {
  const { t } = useTranslation();
  const { state, error } = useConnection();
  const { online } = useNetwork();
  const [word, color, hint] = !online
    ? [t("connection.offline"), "red", t("connection.offlineHint")]
    : state === "connected"
      ? [t("connection.live"), "teal", t("connection.liveHint")]
      : state === "refused"
        ? [t("connection.refused"), "red", error?.message ?? t("connection.refusedHint")]
        : state === "reconnecting"
          ? [t("connection.reconnecting"), "yellow", t("connection.reconnectingHint")]
          : [t("connection.connecting"), "gray", t("connection.connectingHint")];
  return (
    <Badge variant="dot" color={color} tt="none" fw={500} role="status" title={hint} className="connection" data-testid="connection" data-state={online ? state : "offline"}>
      {word}
    </Badge>
  );
}

function Scheme() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const label = dark ? t("scheme.light") : t("scheme.dark");
  return (
    <ActionIcon variant="default" size={36} aria-label={label} title={label} onClick={() => setColorScheme(dark ? "light" : "dark")}>
      {dark ? <Sun size={18} /> : <Moon size={18} />}
    </ActionIcon>
  );
}
