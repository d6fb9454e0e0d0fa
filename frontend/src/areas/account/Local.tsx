import { Alert, Button, type ButtonProps } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { localSession } from "../../lib/api";
import { said } from "../../lib/said";
import { signIn } from "../../lib/session";

/** For the person at the machine that runs the server. */
export function Local(props: ButtonProps) {
  const { t } = useTranslation("account");
  const local = useMutation({ mutationFn: localSession, onSuccess: (answer) => signIn(answer.token) });
  return (
    <>
      <Button size="md" px="xs" variant="default" {...props} loading={local.isPending} onClick={() => local.mutate()} data-testid="local">{t("local.do")}</Button>
      {local.isError && <Alert color="red" role="alert">{said(local.error)}</Alert>}
    </>
  );
}
