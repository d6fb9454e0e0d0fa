import { Alert, Anchor, Button, Divider, Skeleton, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { authOptions, type AuthOptions } from "../../lib/api";
import { said } from "../../lib/said";
import { useLinkRefusal } from "../../lib/local";
import { useNotice } from "../../lib/session";
import { FoundForm } from "./FoundForm";
import { Frame } from "./Frame";
import { Local } from "./Local";
import { SignInForm } from "./SignInForm";
import { TokenForm } from "./TokenForm";

export default function SignIn() {
  const { t } = useTranslation(["account", "common"]);
  const options = useQuery({
    queryKey: ["auth", "options"],
    queryFn: authOptions,
    staleTime: 0,
    refetchInterval: ({ state }) => (state.status === "error" ? 5_000 : false),
  });
  const [founding, setFounding] = useState(false);

  if (options.isError) {
    return (
      <Frame title={t("away.title")} words={t("away.again")}>
        <Alert color="red" role="alert">{said(options.error)}</Alert>
        <Button loading={options.isFetching} onClick={() => void options.refetch()}>{t("common:tryAgain")}</Button>
      </Frame>
    );
  }
  if (!options.data) {
    return <Frame title="Reelroom"><Skeleton h={38} aria-busy /><Skeleton h={38} /><Skeleton h={42} /></Frame>;
  }
  if (options.data.setup) return <First options={options.data} />;
  if (founding) {
    return (
      <Frame title={t("found.title")} words={t("found.words")}>
        <FoundForm withCode={false} focus />
        <div className="others"><Anchor inherit component="button" type="button" onClick={() => setFounding(false)}>{t("found.back")}</Anchor></div>
      </Frame>
    );
  }
  return <Again options={options.data} onFound={() => setFounding(true)} />;
}

/** On an empty machine: an organization, or a look around without one. */
function First({ options }: { options: AuthOptions }) {
  const { t } = useTranslation("account");
  return (
    <Frame
      title={t("first.title")}
      words={t("first.words")}
      beside={
        options.local && (
          <>
            <Title order={2} size="h4">{t("local.title")}</Title>
            <Local />
          </>
        )
      }
    >
      <Notice />
      <FoundForm withCode={options.setupCode ?? false} />
      <TokenForm open={false} />
    </Frame>
  );
}

function Again({ options, onFound }: { options: AuthOptions; onFound: () => void }) {
  const { t } = useTranslation("account");
  const [forgot, setForgot] = useState(false);
  const accounts = options.accounts ?? false;
  return (
    <Frame title="Reelroom" words={t("signIn.words")}>
      <Notice />
      {accounts && (
        <>
          <SignInForm />
          <div className="others">
            <Anchor inherit component="button" type="button" aria-expanded={forgot} onClick={() => setForgot(!forgot)}>{t("forgot.ask")}</Anchor>
            {options.registration && <Anchor inherit component="button" type="button" onClick={onFound}>{t("found.ask")}</Anchor>}
          </div>
          {forgot && <Text size="sm" c="dimmed" role="status">{t("forgot.words")}</Text>}
        </>
      )}
      {options.local && (
        <>
          <Local />
          <Divider label={t("or")} />
        </>
      )}
      <TokenForm open={!accounts && !options.local} />
    </Frame>
  );
}

function Notice() {
  const { t } = useTranslation();
  const notice = useNotice();
  const refusal = useLinkRefusal();
  if (refusal) return <Alert color="red" role="alert">{refusal}</Alert>;
  return notice ? <Alert color="yellow" role="status">{t(`ended.${notice as "ended"}`)}</Alert> : null;
}
