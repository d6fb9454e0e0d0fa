import { ActionIcon, Badge, Menu, Text, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { useConnection } from "@reelroom/react";
import { CircleUser, LogOut, Moon, Sun } from "lucide-react";
import { signOut, type Session } from "../lib/session";
import { uploads } from "../lib/uploads";
import { ChooseFiles } from "./ChooseFiles";

export function Header({ session, editor }: { session: Session; editor: boolean }) {
  return (
    <header className="header">
      <div className="wrap">
        <div className="brand">
          <img src="/icon.svg" alt="" width={28} height={28} />
          <span>Reelroom</span>
        </div>
        <ConnectionState />
        <div className="spring" />
        {editor && <ChooseFiles />}
        <Scheme />
        <Menu position="bottom-end" width={240}>
          <Menu.Target>
            <ActionIcon variant="default" size={36} aria-label="Account">
              <CircleUser size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>
              <Text component="span" size="sm" c="var(--mantine-color-text)" className="name" display="block">{session.user || "Signed in"}</Text>
              <span>{[session.role, session.organization].filter(Boolean).join(" · ")}</span>
            </Menu.Label>
            <Menu.Divider />
            <Menu.Item
              leftSection={<LogOut size={16} />}
              onClick={() => {
                uploads.clear();
                signOut();
              }}
            >
              Sign out
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </div>
    </header>
  );
}

function ConnectionState() {
  const { state, error } = useConnection();
  const { online } = useNetwork();
  const [word, color, hint] = !online
    ? ["Offline", "red", "This device has no network. What you see may be old."]
    : state === "connected"
      ? ["Live", "teal", "Connected: changes appear as they happen."]
      : state === "refused"
        ? ["Refused", "red", error?.message ?? "The server closed the connection."]
        : state === "reconnecting"
          ? ["Reconnecting", "yellow", "The connection was lost. What was missed will be made up for."]
          : ["Connecting", "gray", "On the way to the server."];
  return (
    <Tooltip label={hint} multiline maw={260}>
      <Badge variant="dot" color={color} tt="none" fw={500} role="status" data-testid="connection" tabIndex={0}>
        {word}
      </Badge>
    </Tooltip>
  );
}

function Scheme() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const label = dark ? "Use light colors" : "Use dark colors";
  return (
    <Tooltip label={label}>
      <ActionIcon variant="default" size={36} aria-label={label} onClick={() => setColorScheme(dark ? "light" : "dark")}>
        {dark ? <Sun size={18} /> : <Moon size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}
