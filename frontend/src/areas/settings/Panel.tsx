import { Alert, Anchor, Skeleton, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { said } from "../../lib/said";

interface Props {
  title: string;
  words?: ReactNode;
  /** What is asked of the server for it. */
  asked?: { isPending: boolean; error: Error | null; refetch: () => unknown };
  children?: ReactNode;
}

/** One matter of the settings; waits for what it needs, and says what failed. */
export function Panel({ title, words, asked, children }: Props) {
  const { t } = useTranslation();
  return (
    <section className="panel" aria-label={title}>
      <div>
        <Title order={2} size="h4">{title}</Title>
        {words && <Text size="sm" c="dimmed" mt={4}>{words}</Text>}
      </div>
      {asked?.error && (
        <Alert color="red" role="alert">
          {said(asked.error)} <Anchor inherit component="button" type="button" onClick={() => void asked.refetch()}>{t("tryAgain")}</Anchor>
        </Alert>
      )}
      {asked?.isPending ? <><Skeleton h={36} aria-busy /><Skeleton h={36} /></> : children}
    </section>
  );
}
