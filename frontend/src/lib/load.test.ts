import { beforeEach, expect, it, vi } from "vitest";
import { loadAgain, loader, trouble } from "./load";

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

it("loads a part once, however many want it", async () => {
  const get = vi.fn(async () => "code");
  const load = loader(get, async () => true);
  expect(await Promise.all([load(), load()])).toEqual(["code", "code"]);
  expect(get).toHaveBeenCalledTimes(1);
  expect(trouble()).toBe("none");
});

it("asks again while the server is away, at most every 8 s in the end, and is there when the server is", async () => {
  let up = false;
  const get = vi.fn(async () => {
    if (!up) throw new TypeError("Failed to fetch dynamically imported module");
    return "code";
  });
  const loaded = loader(get, async () => up)();
  await vi.advanceTimersByTimeAsync(0);
  expect(trouble()).toBe("unreachable");
  await vi.advanceTimersByTimeAsync(7_000);
  expect(get).toHaveBeenCalledTimes(4);
  await vi.advanceTimersByTimeAsync(80_000);
  expect(get).toHaveBeenCalledTimes(14);
  up = true;
  loadAgain();
  expect(await loaded).toBe("code");
  expect(trouble()).toBe("none");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(get).toHaveBeenCalledTimes(15);
});

it("stops asking a server that answers and does not have the part", async () => {
  const get = vi.fn(() => Promise.reject(new TypeError("404")));
  void loader(get, async () => true)();
  await vi.advanceTimersByTimeAsync(0);
  expect(trouble()).toBe("none"); // one failure of a server in reach may be the last of an outage
  await vi.advanceTimersByTimeAsync(600_000);
  expect(get).toHaveBeenCalledTimes(3);
  expect(trouble()).toBe("outdated");
});
