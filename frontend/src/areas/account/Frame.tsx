import "./account.css";
import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useTitle } from "../../lib/title";

interface Props {
  title: string;
  words?: ReactNode;
  /** What stands beside the panel where there is room. */
  beside?: ReactNode;
  children: ReactNode;
}

/** A page of one panel in the middle, for those who are not signed in. */
export function Frame({ title, words, beside, children }: Props) {
  useTitle(title);
  return (
    <main className="signIn account">
      <div className={beside ? "two" : undefined}>
        <Stack gap={6} align="center" ta="center" component="header">
          <img src="/icon.svg" alt="" width={52} height={52} />
          <Title order={1} size="h2" className="breakable">{title}</Title>
          {words && <Text c="dimmed" className="breakable">{words}</Text>}
        </Stack>
        <div className="panels">
          <div className="panel">{children}</div>
          {beside && <aside className="panel">{beside}</aside>}
        </div>
      </div>
    </main>
  );
}
