import { Alert, Button, NativeSelect, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { every, ownLink } from "../../lib/api";
import { said } from "../../lib/said";
import type { Session } from "../../lib/session";
import { toast } from "../../lib/toast";
import { checks, useEntry } from "../account/form";
import { invite, invites, withdraw, type GivenLink } from "./calls";
import { Copy } from "./Copy";
import { isLocal, Outside } from "./Outside";
import { Panel } from "./Panel";
import { roles } from "./roles";
import { when } from "./when";

export function Invites({ session }: { session: Session }) {
  const { t } = useTranslation("settings");
  if (!session.account) return <Outside title={t("parts.invitations")} local={isLocal(session)} />;
  return (
    <>
      <Make organization={session.organization} />
      <Open organization={session.organization} />
    </>
  );
}

function Make({ organization }: { organization: string }) {
  const { t } = useTranslation(["settings", "common"]);
  const queries = useQueryClient();
  const [made, setMade] = useState<GivenLink | null>(null);
  const { field, submit, busy, problem, reset } = useEntry({
    values: { role: "editor", email: "" },
    check: { email: (value) => (value.trim() ? checks.email(value) : null) },
    send: ({ role, email }) => invite({ role, ...(email.trim() && { email: email.trim() }) }),
    done: (answer) => {
      setMade(answer);
      reset();
      void queries.invalidateQueries({ queryKey: ["org", organization, "invites"] });
    },
    fields: { email_taken: "email" },
  });
  return (
    <Panel title={t("invites.title")} words={t("invites.words")}>
      <form onSubmit={submit} noValidate>
        {problem && <Alert color="red" role="alert">{problem}</Alert>}
        <NativeSelect {...field("role")} label={t("profile.role")} data={roles().map((value) => ({ value, label: t(`common:roles.${value as "admin"}`) }))} />
        <TextInput {...field("email")} label={t("invites.email")} description={t("invites.emailHint")} type="email" autoComplete="off" autoCapitalize="none" spellCheck={false} />
        <Button type="submit" loading={busy}>{t("invites.do")}</Button>
      </form>
      {made && (
        <Alert color="teal" role="status" title={t("invites.made")}>
          <Text size="sm" mb="sm">{t("invites.once", { until: when(made.expiresAt) })}</Text>
          <Copy key={made.url} label={t("link")} value={ownLink(made.url)} />
        </Alert>
      )}
    </Panel>
  );
}

function Open({ organization }: { organization: string }) {
  const { t } = useTranslation(["settings", "common"]);
  const queries = useQueryClient();
  const key = ["org", organization, "invites"];
  const list = useQuery({ queryKey: key, queryFn: invites, refetchOnWindowFocus: true, refetchInterval: every(10_000) });
  const away = useMutation({
    mutationFn: withdraw,
    onSuccess: () => void toast({ tone: "good", message: t("invites.gone") }),
    onError: (error) => void toast({ tone: "bad", message: said(error) }),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
  const open = list.data?.data ?? [];
  return (
    <Panel title={t("invites.open")} asked={list}>
      {open.length === 0 && !list.error && <Text size="sm" c="dimmed">{t("invites.none")}</Text>}
      <ul className="rows" aria-label={t("invites.open")}>
        {open.map((one) => {
          const whose = one.email || t("invites.anybody");
          return (
            <li key={one.id} data-testid="invite">
              <div className="who">
                <span>{whose}</span>
                <small>{t(`common:roles.${one.role as "admin"}`, one.role)} · {t("invites.until", { when: when(one.expiresAt) })}</small>
              </div>
              <div className="does">
                <Button variant="default" size="xs" aria-label={t("invites.withdrawOf", { whose })} loading={away.isPending && away.variables === one.id} onClick={() => away.mutate(one.id)}>
                  {t("invites.withdraw")}
                </Button>
              </div>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
