import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import * as everything from "../src/index";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const readme = readFileSync(here("../README.md"), "utf8");

it("says in the README what the example apps differ in", () => {
  const { stdout } = spawnSync("git", ["diff", "--no-index", "--shortstat", here("../examples/plain"), here("../examples/hooks")], { encoding: "utf8" });
  const [, added, removed] = /(\d+) insertions?\(\+\), (\d+) deletions?\(-\)/.exec(stdout) ?? [];
  expect(readme).toContain(`${added} lines added, ${removed} removed`);
});

it("has every hook in the README", () => {
  const hooks = Object.keys(everything).filter((name) => name.startsWith("use") && name !== "useLibraryStore");
  expect(hooks.length).toBeGreaterThan(10);
  for (const name of hooks) expect(readme).toContain(`| \`${name}(`);
});
