import "@mantine/core/styles/Slider.layer.css";
import "@mantine/core/styles/NumberInput.layer.css";
import "./policy.css";
import { Alert, Button, Group, Stack, Text, Title } from "@mantine/core";
import { ReelroomError, type Policy as Rules } from "@reelroom/react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { call, callWith } from "../../lib/api";
import { useNames } from "../../lib/names";
import { said } from "../../lib/said";
import { isAdmin, type Session } from "../../lib/session";
import { toast } from "../../lib/toast";
import { moment, percent } from "../../lib/words";
import { Waiting } from "../../parts/Waiting";
import { Preview } from "./Preview";
import { Threshold } from "./Threshold";
import { changed, edited, editOf, type Edit } from "./thresholds";

const key = ["policy", "settings"];

/** From which scores on the organization wants a video to be looked at; an admin changes it. */
export default function Policy({ session }: { session: Session }) {
  const { t } = useTranslation(["policy", "common"]);
  const { data, error, refetch } = useQuery({ queryKey: key, queryFn: ({ signal }) => call<Rules>("/api/org/policy", { signal }), refetchOnWindowFocus: true });
  return (
    <section className="panel policy" data-testid="policy">
      <Title order={2} size="h4">{t("title")}</Title>
      <Text size="sm" c="dimmed" mb="md">{t("words")}</Text>
      {error && !data && (
        <Alert color="red" title={t("unread")}>{said(error)} <Button size="xs" variant="default" onClick={() => void refetch()}>{t("common:tryAgain")}</Button></Alert>
      )}
      {!error && !data && <Waiting />}
      {data && (isAdmin(session) ? <Editor rules={data} /> : <Shown rules={data} />)}
    </section>
  );
}

function Version({ rules }: { rules: Rules }) {
  const { t } = useTranslation("policy");
  const name = useNames();
  const since = rules.updatedAt ? t("changedBy", { by: name(rules.updatedBy) || t("somebody"), at: moment(rules.updatedAt) }) : t("default");
  return <Text size="sm" c="dimmed" data-testid="version" data-version={rules.version}>{t("version", { version: rules.version })} · {since}</Text>;
}

function Shown({ rules }: { rules: Rules }) {
  const { t } = useTranslation("policy");
  return (
    <Stack gap="sm">
      <dl className="facts">
        <dt>{t("reviewAt.label")}</dt><dd>{percent(rules.reviewAt * 100)}</dd>
        <dt>{t("flagAt.label")}</dt><dd>{percent(rules.flagAt * 100)}</dd>
        <dt>{t("suggestiveAt.label")}</dt><dd>{percent(rules.suggestiveAt * 100)}</dd>
        <dt>{t("minimumRun.label")}</dt><dd>{t("minimumRun.frames", { count: rules.minimumRun })}</dd>
      </dl>
      <Version rules={rules} />
      <Text size="sm" c="dimmed">{t("readOnly")}</Text>
    </Stack>
  );
}

function Editor({ rules }: { rules: Rules }) {
  const { t } = useTranslation("policy");
  const queries = useQueryClient();
  const name = useNames();
  /** What the admin has chosen, and over which version; null while nothing was touched. */
  const [draft, setDraft] = useState<{ edit: Edit; over: Rules } | null>(null);
  const edit = draft?.edit ?? editOf(rules);
  const differs = changed(edit, rules);
  const overtaken = draft !== null && differs && draft.over.version !== rules.version;
  const set = (change: Partial<Edit>) => setDraft({ edit: edited(edit, change), over: draft?.over ?? rules });
  const save = useMutation({
    mutationFn: () => callWith<Rules>("PUT", "/api/org/policy", { version: draft?.over.version ?? rules.version, ...edit }),
    onSuccess: (answer) => {
      queries.setQueryData(key, answer);
      setDraft(null);
      void queries.invalidateQueries({ queryKey: ["policy"] });
      void toast({ tone: "good", message: t("saved", { version: answer.version }) });
    },
    onError: (problem) => {
      if (problem instanceof ReelroomError && problem.code === "policy_changed") void queries.invalidateQueries({ queryKey: key });
    },
  });
  const refused = save.error && !(save.error instanceof ReelroomError && save.error.code === "policy_changed");
  return (
    <div className="policyGrid">
      <form
        className="thresholds"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Threshold name="reviewAt" value={edit.reviewAt} onChange={(reviewAt) => set({ reviewAt })} />
        <Threshold name="flagAt" value={edit.flagAt} onChange={(flagAt) => set({ flagAt })} />
        <Threshold name="suggestiveAt" value={edit.suggestiveAt} onChange={(suggestiveAt) => set({ suggestiveAt })} />
        <Threshold name="minimumRun" value={edit.minimumRun} onChange={(minimumRun) => set({ minimumRun })} />
        {overtaken && (
          <Alert color="yellow" title={t("overtaken.title", { version: rules.version })} role="alert" data-testid="overtaken">
            <Text size="sm" mb="xs">{t("overtaken.words", { by: name(rules.updatedBy) || t("somebody"), review: percent(rules.reviewAt * 100), flag: percent(rules.flagAt * 100), suggestive: percent(rules.suggestiveAt * 100) })}</Text>
            <Group gap="xs">
              <Button size="xs" variant="default" onClick={() => setDraft(null)}>{t("overtaken.theirs")}</Button>
              <Button size="xs" variant="default" onClick={() => setDraft({ edit, over: rules })}>{t("overtaken.mine")}</Button>
            </Group>
          </Alert>
        )}
        {refused && <Alert color="red" role="alert">{said(save.error)}</Alert>}
        <Group gap="xs">
          <Button type="submit" disabled={!differs || overtaken} loading={save.isPending}>{t("save")}</Button>
          <Button variant="default" disabled={!differs} onClick={() => setDraft(null)}>{t("undo")}</Button>
        </Group>
        <Version rules={rules} />
        <Text size="sm" c="dimmed">{t("after")}</Text>
      </form>
      <Preview edit={edit} differs={differs} />
    </div>
  );
}
