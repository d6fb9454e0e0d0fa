import "./menu";
import { Menu } from "@mantine/core";
import type { ReactElement } from "react";
import type { LazyMenuProps } from "./LazyMenu";

interface Props extends Pick<LazyMenuProps, "head" | "items" | "width"> {
  opened: boolean;
  onChange: (opened: boolean) => void;
  /** The button. */
  children: ReactElement;
}

export default function MenuPanel({ opened, onChange, head, items, width = 210, children }: Props) {
  return (
    <Menu opened={opened} onChange={onChange} position="bottom-end" width={width}>
      <Menu.Target>{children}</Menu.Target>
      <Menu.Dropdown>
        {head && <><Menu.Label>{head}</Menu.Label><Menu.Divider /></>}
        {items.map((item) => (
          <Menu.Item key={item.label} className={item.danger ? "danger" : undefined} leftSection={item.icon} rightSection={item.chosen && "✓"} onClick={item.run}>
            {item.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
