import { Alert, Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { signedIn } from "../../lib/session";
import { toast } from "../../lib/toast";
import { changePassword } from "../account/calls";
import { checks, useEntry } from "../account/form";
import { Password } from "../account/Password";
import { Panel } from "./Panel";

export function PasswordChange({ email }: { email: string }) {
  const { t } = useTranslation(["settings", "account"]);
  const { field, submit, busy, problem, reset } = useEntry({
    values: { current: "", next: "" },
    check: { current: checks.password, next: checks.newPassword },
    send: changePassword,
    done: (answer) => {
      if (answer?.token) signedIn(answer);
      reset();
      void toast({ tone: "good", message: t("password.done") });
    },
    fields: { credentials_invalid: "current" },
  });
  return (
    <Panel title={t("password.title")} words={t("password.words")}>
      <form onSubmit={submit} noValidate>
        {problem && <Alert color="red" role="alert">{problem}</Alert>}
        {/* Tells a password manager whose password it is. */}
        <input type="email" autoComplete="username" value={email} readOnly hidden />
        <Password {...field("current")} label={t("password.current")} autoComplete="current-password" />
        <Password {...field("next")} label={t("account:field.newPassword")} description={t("account:password.least")} autoComplete="new-password" />
        <Button type="submit" loading={busy}>{t("password.do")}</Button>
      </form>
    </Panel>
  );
}
