import "./settings.css";
import { NativeSelect, Text, Title } from "@mantine/core";
import { lazy, Suspense, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { loader } from "../../lib/load";
import { isAdmin, type Session } from "../../lib/session";
import { useTitle } from "../../lib/title";
import { useServerVersion } from "../../lib/version";
import { Missing } from "../../parts/Missing";
import { Waiting } from "../../parts/Waiting";
import { Developers } from "./Developers";
import { Invites } from "./Invites";
import { Members } from "./Members";
import { Organization } from "./Organization";
import { Profile } from "./Profile";

// The thresholds are a part of their own, with what they need.
const Policy = lazy(loader(() => import("./Policy")));

type Show = (session: Session) => ReactNode;
const parts = {
  profile: (session) => <Profile session={session} />,
  members: (session) => <Members session={session} />,
  invitations: (session) => <Invites session={session} />,
  organization: (session) => <Organization session={session} />,
  policy: (session) => <Policy session={session} />,
  developers: () => <Developers />,
} satisfies Record<string, Show>;
type Name = keyof typeof parts;

/** What this person has: invitations are an admin's. */
function offered(session: Session): Name[] {
  const admins: Name[] = ["invitations"];
  return (Object.keys(parts) as Name[]).filter((name) => isAdmin(session) || !admins.includes(name));
}

export default function Settings({ part = "profile", session }: { part?: string; session: Session }) {
  const { t } = useTranslation("settings");
  const [, go] = useLocation();
  const version = useServerVersion();
  const names = offered(session);
  const name = names.find((one) => one === part);
  useTitle(name ? `${t(`parts.${name}`)} · ${t("title")}` : t("title"));
  const show: Show | undefined = name && parts[name];
  const path = (one: string) => (one === "profile" ? "/settings" : `/settings/${one}`);
  return (
    <div className="settings">
      <Title order={1} size="h2">{t("title")}</Title>
      <nav aria-label={t("title")} className="parts">
        <ul>
          {names.map((one) => (
            <li key={one}><Link href={path(one)} aria-current={one === name ? "page" : undefined}>{t(`parts.${one}`)}</Link></li>
          ))}
        </ul>
      </nav>
      <NativeSelect
        className="choose"
        aria-label={t("title")}
        value={name ?? ""}
        onChange={(event) => go(path(event.currentTarget.value))}
        data={[...(name ? [] : [{ value: "", label: "–" }]), ...names.map((one) => ({ value: one, label: t(`parts.${one}`) }))]}
      />
      <div className="part">
        <Suspense fallback={<Waiting />}>{show ? show(session) : <Missing />}</Suspense>
      </div>
      {version && <Text size="sm" c="dimmed" className="serverVersion" data-testid="serverVersion">{t("version", { version })}</Text>}
    </div>
  );
}
