import { ActionIcon, type ActionIconProps } from "@mantine/core";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { loader } from "../lib/load";

const load = loader(() => import("./MenuPanel"));
const MenuPanel = lazy(load);

export interface MenuEntry {
  label: string;
  icon?: ReactNode;
  danger?: boolean;
  /** Marks the entry of the present choice. */
  chosen?: boolean;
  run: () => void;
}

export interface LazyMenuProps extends ActionIconProps {
  label: string;
  icon: ReactNode;
  head?: ReactNode;
  items: MenuEntry[];
  width?: number;
}

/** A button with a menu whose code comes when somebody is about to use it. */
export function LazyMenu({ label, icon, head, items, width, ...props }: LazyMenuProps) {
  const [opened, setOpened] = useState(false);
  const [wanted, setWanted] = useState(false);
  const button = (
    <ActionIcon
      {...props}
      aria-label={label}
      aria-haspopup="menu"
      aria-expanded={opened}
      onPointerEnter={() => void load()}
      onFocus={() => void load()}
      // The menu, once there, sees to its own button.
      onClick={wanted ? undefined : () => { setWanted(true); setOpened(true); }}
    >
      {icon}
    </ActionIcon>
  );
  if (!wanted) return button;
  return (
    <Suspense fallback={button}>
      <MenuPanel opened={opened} onChange={setOpened} head={head} items={items} width={width}>{button}</MenuPanel>
    </Suspense>
  );
}
