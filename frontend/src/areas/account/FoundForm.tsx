import { Alert, Button, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { signedIn } from "../../lib/session";
import { register } from "./calls";
import { checks, useEntry } from "./form";
import { Password } from "./Password";

/** Makes an organization, and whoever fills this in its first admin. */
export function FoundForm({ withCode, focus }: { withCode: boolean; focus?: boolean }) {
  const { t } = useTranslation("account");
  const { field, submit, busy, problem } = useEntry({
    values: { organizationName: "", name: "", email: "", password: "", setupCode: "" },
    check: {
      organizationName: checks.wanted,
      name: checks.wanted,
      email: checks.email,
      password: checks.newPassword,
      ...(withCode && { setupCode: checks.wanted }),
    },
    send: ({ organizationName, name, email, password, setupCode }) =>
      register({ organizationName: organizationName.trim(), name: name.trim(), email: email.trim(), password, ...(withCode && { setupCode: setupCode.trim() }) }),
    done: signedIn,
    fields: { email_taken: "email", setup_code_invalid: "setupCode" },
  });
  return (
    <form onSubmit={submit} noValidate>
      {problem && <Alert color="red" role="alert">{problem}</Alert>}
      <TextInput {...field("organizationName")} label={t("field.organization")} placeholder={t("field.organizationExample")} autoComplete="organization" maxLength={100} required withAsterisk={false} autoFocus={focus} />
      <TextInput {...field("name")} label={t("field.name")} autoComplete="name" maxLength={100} required withAsterisk={false} />
      <TextInput {...field("email")} label={t("field.email")} type="email" autoComplete="username" autoCapitalize="none" spellCheck={false} required withAsterisk={false} />
      <Password {...field("password")} label={t("field.password")} description={t("password.least")} autoComplete="new-password" />
      {withCode && (
        <TextInput {...field("setupCode")} label={t("field.setupCode")} description={t("field.setupCodeHint")} autoComplete="off" autoCapitalize="none" spellCheck={false} required withAsterisk={false} />
      )}
      <Button type="submit" size="md" loading={busy}>{t("found.do")}</Button>
    </form>
  );
}
