import { Alert, Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { forgetSecret, useSecret } from "../../lib/secret";
import { signedIn } from "../../lib/session";
import { resetPassword } from "./calls";
import { checks, useEntry } from "./form";
import { Frame } from "./Frame";
import { Password } from "./Password";

/** A new password by a link that an admin has given. */
export default function Reset() {
  const { t } = useTranslation("account");
  const secret = useSecret();
  const [, go] = useLocation();
  const [done, setDone] = useState(false);
  const { field, submit, busy, problem } = useEntry({
    values: { password: "" },
    check: { password: checks.newPassword },
    send: ({ password }) => resetPassword(secret, password),
    done: (answer) => {
      forgetSecret();
      setDone(true);
      if (!answer?.token) return;
      signedIn(answer);
      go("/", { replace: true });
    },
  });
  if (done || !secret) {
    return (
      <Frame title={t("reset.title")}>
        <Alert color={done ? "teal" : "yellow"} role="status">{done ? t("reset.done") : t("reset.noSecret")}</Alert>
        <Button component={Link} href="/" variant={done ? "filled" : "default"}>{t("join.toSignIn")}</Button>
      </Frame>
    );
  }
  return (
    <Frame title={t("reset.title")} words={t("reset.words")}>
      <form onSubmit={submit} noValidate>
        {problem && <Alert color="red" role="alert">{problem}</Alert>}
        <Password {...field("password")} label={t("field.newPassword")} description={t("password.least")} autoComplete="new-password" autoFocus />
        <Button type="submit" size="md" loading={busy}>{t("reset.do")}</Button>
      </form>
    </Frame>
  );
}
