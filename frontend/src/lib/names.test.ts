import { expect, it, vi } from "vitest";
import { allNames } from "./names";

const member = (n: number) => ({ userId: `u${n}`, name: n % 10 === 0 ? "" : `Name ${n}`, email: `${n}@example.com` });

it("knows the names of all members, however many pages there are", async () => {
  const all = Array.from({ length: 250 }, (_, n) => member(n));
  const read = vi.fn(async (path: string) => {
    const after = new URL(path, "http://x").searchParams.get("after");
    const from = after ? all.findIndex((m) => m.userId === after) + 1 : 0;
    const data = all.slice(from, from + 100);
    return { data, nextCursor: data.length === 100 ? data.at(-1)!.userId : null };
  });
  const names = await allNames(read);
  expect(names.size).toBe(250);
  expect(names.get("u101")).toBe("Name 101");
  expect(names.get("u240")).toBe("240@example.com");
  expect(read).toHaveBeenCalledTimes(3);
});

it("ends with a server that never does", async () => {
  const read = vi.fn(async () => ({ data: null, nextCursor: String(Math.random()) }));
  expect((await allNames(read)).size).toBe(0);
  expect(read).toHaveBeenCalledTimes(100);
  const same = vi.fn(async () => ({ data: [], nextCursor: "same" }));
  await allNames(same);
  expect(same).toHaveBeenCalledTimes(2);
});
