import { Button, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { every } from "../../lib/api";
import { isAdmin, type Session } from "../../lib/session";
import { members } from "./calls";
import { MemberRow } from "./MemberRow";
import { isLocal, Outside } from "./Outside";
import { Panel } from "./Panel";

export function Members({ session }: { session: Session }) {
  const { t } = useTranslation("settings");
  return session.account ? <List session={session} /> : <Outside title={t("parts.members")} local={isLocal(session)} />;
}

function List({ session }: { session: Session }) {
  const { t } = useTranslation("settings");
  const list = useInfiniteQuery({
    queryKey: ["org", session.organization, "members"],
    queryFn: ({ pageParam }) => members(pageParam),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor || undefined,
    refetchOnWindowFocus: true,
    refetchInterval: every(10_000),
  });
  const admin = isAdmin(session);
  const all = list.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Panel title={t("parts.members")} words={admin ? t("members.words") : t("members.look")} asked={list}>
      <ul className="rows" aria-label={t("parts.members")}>
        {all.map((member) => <MemberRow key={member.userId} member={member} admin={admin} organization={session.organization} />)}
      </ul>
      {list.hasNextPage && <div><Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t("more")}</Button></div>}
      {admin && all.length < 2 && !list.error && (
        <Text size="sm" c="dimmed">{t("members.alone")} <Link href="/settings/invitations">{t("invites.do")}</Link></Text>
      )}
    </Panel>
  );
}
