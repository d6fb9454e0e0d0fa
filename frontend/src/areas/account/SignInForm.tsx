import { Alert, Button, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { signedIn } from "../../lib/session";
import { login } from "./calls";
import { checks, useEntry } from "./form";
import { Password } from "./Password";

export function SignInForm() {
  const { t } = useTranslation("account");
  const { field, submit, busy, problem } = useEntry({
    values: { email: "", password: "" },
    check: { email: checks.email, password: checks.password },
    send: ({ email, password }) => login({ email: email.trim(), password }),
    done: signedIn,
    fields: { credentials_invalid: "password" },
  });
  return (
    <form onSubmit={submit} noValidate>
      {problem && <Alert color="red" role="alert">{problem}</Alert>}
      <TextInput {...field("email")} label={t("field.email")} type="email" autoComplete="username" autoCapitalize="none" spellCheck={false} required withAsterisk={false} autoFocus />
      <Password {...field("password")} label={t("field.password")} autoComplete="current-password" />
      <Button type="submit" size="md" loading={busy}>{t("signIn.do")}</Button>
    </form>
  );
}
