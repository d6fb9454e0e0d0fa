import { Alert, Button, Skeleton, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { said } from "../../lib/said";
import { forgetSecret, useSecret } from "../../lib/secret";
import { signedIn, useSession } from "../../lib/session";
import { readInvite, register, type Invitation } from "./calls";
import { checks, useEntry } from "./form";
import { Frame } from "./Frame";
import { Password } from "./Password";

export default function Join() {
  const { t } = useTranslation(["account", "common"]);
  const secret = useSecret();
  const invite = useQuery({ queryKey: ["invite", secret], queryFn: () => readInvite(secret), enabled: secret !== "", gcTime: 0, retry: false });

  if (!secret || invite.isError) {
    const gone = !secret || (invite.error as { code?: string }).code === "invite_invalid";
    return (
      <Frame title={t("join.none")}>
        <Alert color={gone ? "yellow" : "red"} role="alert">{secret ? said(invite.error) : t("join.noSecret")}</Alert>
        {!gone && <Button onClick={() => void invite.refetch()} loading={invite.isFetching}>{t("common:tryAgain")}</Button>}
        <Button component={Link} href="/" variant="default">{t("join.toSignIn")}</Button>
      </Frame>
    );
  }
  if (!invite.data) return <Frame title={t("join.reading")}><Skeleton h={38} aria-busy /><Skeleton h={38} /></Frame>;
  return <JoinForm key={secret} secret={secret} invite={invite.data} />;
}

function JoinForm({ secret, invite }: { secret: string; invite: Invitation }) {
  const { t } = useTranslation(["account", "common"]);
  const session = useSession();
  const [, go] = useLocation();
  const { field, submit, busy, problem } = useEntry({
    values: { name: "", email: invite.email ?? "", password: "" },
    check: { name: checks.wanted, email: checks.email, password: checks.newPassword },
    send: ({ name, email, password }) => register({ name: name.trim(), email: email.trim(), password, invite: secret }),
    done: (answer) => {
      signedIn(answer);
      go("/", { replace: true });
      forgetSecret();
    },
    fields: { email_taken: "email" },
  });
  return (
    <Frame title={t("join.title", { organization: invite.organizationName })} words={t(`join.as.${invite.role as "admin"}`, "")}>
      {session && <Alert color="yellow">{t("join.already", { user: session.user })}</Alert>}
      <form onSubmit={submit} noValidate>
        {problem && <Alert color="red" role="alert">{problem}</Alert>}
        <TextInput {...field("name")} label={t("field.name")} autoComplete="name" maxLength={100} required withAsterisk={false} autoFocus />
        <TextInput {...field("email")} label={t("field.email")} type="email" autoComplete="username" readOnly={Boolean(invite.email)} autoCapitalize="none" spellCheck={false} required withAsterisk={false} />
        <Password {...field("password")} label={t("field.password")} description={t("password.least")} autoComplete="new-password" />
        <Button type="submit" size="md" loading={busy}>{t("join.do")}</Button>
      </form>
    </Frame>
  );
}
