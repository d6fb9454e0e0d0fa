import { Alert, Anchor, Badge, Loader, Text, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { verdicts, type PolicyPreview, type Verdict } from "@reelroom/react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { callWith } from "../../lib/api";
import { said } from "../../lib/said";
import { number, verdictWords } from "../../lib/words";
import type { Edit } from "./thresholds";

/** What a policy would make of the videos that are there. */
export function Preview({ edit, differs }: { edit: Edit; differs: boolean }) {
  const { t } = useTranslation("policy");
  const [asked] = useDebouncedValue(edit, 350);
  const { data, error, isFetching, isPlaceholderData } = useQuery({
    queryKey: ["policy-preview", asked],
    queryFn: () => callWith<PolicyPreview>("POST", "/api/org/policy/preview", asked),
    placeholderData: (before) => before,
    // An organization has one preview at a time.
    retry: 3,
    retryDelay: 1_000,
    gcTime: 0,
  });
  const busy = isFetching || isPlaceholderData || asked !== edit;
  return (
    <section className="preview" aria-busy={busy} data-testid="preview">
      <Title order={3} size="h5">{t("preview.title")} {busy && <Loader size={14} aria-hidden />}</Title>
      {error && <Alert color="red" role="alert">{said(error)}</Alert>}
      {data && (
        <>
          <Text size="sm" role="status" data-testid="changes">
            {data.videos === 0 ? t("preview.none") : !differs ? t("preview.same") : t("preview.changed", { count: data.changed })}
          </Text>
          {data.videos > 0 && <Counts preview={data} />}
          {differs && data.changes && data.changes.length > 0 && (
            <ul className="changes">
              {data.changes.map((change) => (
                <li key={change.id}>
                  <Anchor component={Link} href={`/videos/${encodeURIComponent(change.id)}`} className="breakable">{change.title}</Anchor>
                  <span className="turn"><Word verdict={change.from} /> <span aria-label={t("preview.becomes")} role="img">→</span> <Word verdict={change.to} /></span>
                </li>
              ))}
            </ul>
          )}
          {differs && data.changed > (data.changes?.length ?? 0) && <Text size="sm" c="dimmed">{t("preview.more", { count: data.changed - (data.changes?.length ?? 0) })}</Text>}
          <Text size="xs" c="dimmed">
            {[t("preview.looked", { count: data.videos }), data.more && t("preview.older"), data.reviewed > 0 && t("preview.reviewed", { count: data.reviewed }), data.unknown > 0 && t("preview.unknown", { count: data.unknown })].filter(Boolean).join(" ")}
          </Text>
        </>
      )}
    </section>
  );
}

function Word({ verdict }: { verdict: Verdict }) {
  const { word, color } = verdictWords(verdict);
  return <Badge size="sm" color={color} variant="filled" autoContrast tt="none">{word}</Badge>;
}

function Counts({ preview }: { preview: PolicyPreview }) {
  const { t } = useTranslation("policy");
  return (
    <table className="counts">
      <thead><tr><th scope="col">{t("preview.verdict")}</th><th scope="col">{t("preview.now")}</th><th scope="col">{t("preview.then")}</th></tr></thead>
      <tbody>
        {verdicts.map((verdict) => {
          const [now, then] = [preview.before?.[verdict] ?? 0, preview.after?.[verdict] ?? 0];
          return (
            <tr key={verdict} data-verdict={verdict}>
              <th scope="row"><Word verdict={verdict} /></th>
              <td>{number(now)}</td>
              <td>{number(then)}{then !== now && <span className="delta"> ({then > now ? "+" : "−"}{number(Math.abs(then - now))})</span>}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
