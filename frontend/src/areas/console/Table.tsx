import { Text } from "@mantine/core";
import { Children, type ReactNode } from "react";

/** A table that scrolls by itself where the screen is narrow, also by keyboard. */
export function Table({ label, head, empty, children }: { label: string; head: string[]; empty: string; children: ReactNode }) {
  if (Children.count(children) === 0) return <section className="panel empty"><Text c="dimmed">{empty}</Text></section>;
  return (
    <div className="panel tableScroll" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead><tr>{head.map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
