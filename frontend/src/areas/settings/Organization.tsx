import { Alert, Button, Text, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { amend, isAdmin, type Session } from "../../lib/session";
import { toast } from "../../lib/toast";
import { checks, useEntry } from "../account/form";
import { organization, renameOrganization } from "./calls";
import { isLocal, Outside } from "./Outside";
import { Panel } from "./Panel";

export function Organization({ session }: { session: Session }) {
  const { t } = useTranslation("settings");
  return session.account ? <Named session={session} /> : <Outside title={t("parts.organization")} local={isLocal(session)} />;
}

function Named({ session }: { session: Session }) {
  const { t } = useTranslation("settings");
  const asked = useQuery({ queryKey: ["org", session.organization], queryFn: organization, refetchOnWindowFocus: true });
  const name = asked.data?.name ?? session.organizationName;
  return (
    <Panel title={t("parts.organization")} words={isAdmin(session) ? t("organization.words") : t("organization.look")} asked={asked}>
      {isAdmin(session) ? <Rename key={name} name={name} queryKey={["org", session.organization]} /> : <Text fw={600} className="breakable">{name}</Text>}
    </Panel>
  );
}

function Rename({ name, queryKey }: { name: string; queryKey: string[] }) {
  const { t } = useTranslation("settings");
  const queries = useQueryClient();
  const { field, submit, busy, problem } = useEntry({
    values: { name },
    check: { name: checks.wanted },
    send: async (entered) => {
      const next = entered.name.trim();
      return (await renameOrganization(next))?.name ?? next;
    },
    done: (next) => {
      queries.setQueryData(queryKey, (held: object) => ({ ...held, name: next }));
      amend({ organizationName: next });
      void toast({ tone: "good", message: t("organization.done") });
    },
  });
  return (
    <form onSubmit={submit} noValidate>
      {problem && <Alert color="red" role="alert">{problem}</Alert>}
      <TextInput {...field("name")} label={t("organization.name")} autoComplete="organization" maxLength={100} required withAsterisk={false} />
      <Button type="submit" loading={busy}>{t("save")}</Button>
    </form>
  );
}
