import { Alert, Anchor, Button, Divider, Stack, Text, Textarea, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { authOptions, localSession } from "../../lib/api";
import { signIn, useNotice } from "../../lib/session";

export default function SignIn() {
  const { t } = useTranslation();
  const notice = useNotice();
  const [token, setToken] = useState("");
  const [error, setError] = useState("");
  const options = useQuery({ queryKey: ["auth", "options"], queryFn: authOptions });
  const local = useMutation({ mutationFn: localSession, onSuccess: (answer) => signIn(answer.token) });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!signIn(token)) setError("This is not a token: it should be three parts joined by dots.");
  };

  return (
    <main className="signIn">
      <Stack gap="lg">
        <Stack gap={6} align="center" ta="center">
          <img src="/icon.svg" alt="" width={52} height={52} />
          <Title order={1} size="h2">Reelroom</Title>
          <Text c="dimmed">Your team’s videos, live as they are processed.</Text>
        </Stack>
        <Stack className="panel" p="lg" gap="md">
          {notice && <Alert color="yellow" role="status">{t(`ended.${notice as "ended"}`)}</Alert>}
          {options.isError && (
            <Alert color="red" title="The server does not answer" role="alert">
              {options.error.message}{" "}
              <Anchor inherit component="button" type="button" onClick={() => void options.refetch()}>Try again</Anchor>
            </Alert>
          )}
          {options.data?.local && (
            <>
              <Button size="md" loading={local.isPending} onClick={() => local.mutate()} data-testid="local">
                Continue as the local admin
              </Button>
              {local.isError && <Alert color="red" role="alert">{local.error.message}</Alert>}
              <Divider label="or" />
            </>
          )}
          <form onSubmit={submit}>
            <Stack gap="sm">
              <Textarea
                label="Access token"
                description="A JSON Web Token for your organization. It is kept until you close this tab."
                rows={3}
                value={token}
                onChange={(e) => {
                  setToken(e.currentTarget.value);
                  setError("");
                }}
                error={error}
                autoComplete="off"
                spellCheck={false}
                styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.8rem" } }}
              />
              <Button type="submit" variant={options.data?.local ? "default" : "filled"} disabled={!token.trim()}>
                Sign in with the token
              </Button>
            </Stack>
          </form>
        </Stack>
      </Stack>
    </main>
  );
}
