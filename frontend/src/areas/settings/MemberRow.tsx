import { Badge, NativeSelect } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { KeyRound, MoreVertical, UserMinus } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { loader } from "../../lib/load";
import { said } from "../../lib/said";
import { toast } from "../../lib/toast";
import { LazyMenu } from "../../parts/LazyMenu";
import { changeRole, removeMember, resetLink, type GivenLink, type Member } from "./calls";
import { roles } from "./roles";
import { when } from "./when";

const Confirm = lazy(loader(() => import("./Confirm")));
const ShowLink = lazy(loader(() => import("./ShowLink")));

export function MemberRow({ member, admin, organization }: { member: Member; admin: boolean; organization: string }) {
  const { t } = useTranslation(["settings", "common"]);
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [link, setLink] = useState<GivenLink | null>(null);
  const again = () => queries.invalidateQueries({ queryKey: ["org", organization, "members"] });
  const onError = (error: Error) => void toast({ tone: "bad", message: said(error) });
  const name = member.name || member.email;

  const role = useMutation({
    mutationFn: (next: string) => changeRole(member.userId, next),
    onSuccess: (_, next) => void toast({ id: `role ${member.userId}`, tone: "good", message: t("members.changed", { name, role: t(`common:roles.${next as "admin"}`, next) }) }),
    onError,
    // The row shows what was chosen until the list says how it is.
    onSettled: again,
  });
  const remove = useMutation({
    mutationFn: () => removeMember(member.userId),
    onSuccess: async () => {
      setAsking(false);
      await again();
      void toast({ tone: "good", message: t("members.removed", { name }) });
    },
  });
  const reset = useMutation({ mutationFn: () => resetLink(member.userId), onSuccess: setLink, onError });

  const shown = role.isPending ? role.variables : member.role;
  const seen = when(member.lastSeenAt);
  return (
    <li data-testid="member">
      <div className="who">
        <span>{name}</span> {member.you && <Badge variant="light" size="sm" tt="none">{t("members.you")}</Badge>}
        <small>{member.email}{seen && ` · ${t("members.seen", { when: seen })}`}</small>
      </div>
      <div className="does">
        {admin && !member.you ? (
          <>
            <NativeSelect
              aria-label={t("members.roleOf", { name })}
              value={shown}
              disabled={role.isPending}
              onChange={(event) => role.mutate(event.currentTarget.value)}
              data={roles(shown).map((value) => ({ value, label: t(`common:roles.${value as "admin"}`, value) }))}
            />
            <LazyMenu
              variant="subtle"
              color="gray"
              size={36}
              label={t("members.actions", { name })}
              loading={reset.isPending}
              icon={<MoreVertical size={18} />}
              width={240}
              items={[
                { label: t("members.reset"), icon: <KeyRound size={16} />, run: () => reset.mutate() },
                { label: t("members.remove"), icon: <UserMinus size={16} />, danger: true, run: () => setAsking(true) },
              ]}
            />
          </>
        ) : (
          <span className="number">{t(`common:roles.${shown as "admin"}`, shown)}</span>
        )}
      </div>
      <Suspense fallback={null}>
        {asking && (
          <Confirm
            title={t("members.removeTitle", { name })}
            words={t("members.removeWords")}
            does={t("members.removeDo")}
            error={remove.error ? said(remove.error) : undefined}
            busy={remove.isPending}
            onKeep={() => setAsking(false)}
            onDo={() => remove.mutate()}
          />
        )}
        {link && <ShowLink name={name} link={link} onClose={() => setLink(null)} />}
      </Suspense>
    </li>
  );
}
