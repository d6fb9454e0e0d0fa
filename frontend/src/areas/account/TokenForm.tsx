import { Button, Textarea } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { signIn } from "../../lib/session";
import { useEntry } from "./form";

/** For people whose token comes from elsewhere. */
export function TokenForm({ open }: { open: boolean }) {
  const { t } = useTranslation("account");
  const { field, submit } = useEntry({
    values: { token: "" },
    check: { token: (value) => (signIn(value) ? null : t("token.wrong")) },
    send: async () => {},
    done: () => {},
  });
  return (
    <details open={open || undefined}>
      <summary>{t("token.title")}</summary>
      <form onSubmit={submit} noValidate>
        <Textarea {...field("token")} label={t("token.label")} description={t("token.hint")} rows={3} autoComplete="off" autoCapitalize="none" spellCheck={false} />
        <Button type="submit" variant="default">{t("token.do")}</Button>
      </form>
    </details>
  );
}
