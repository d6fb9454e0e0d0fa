import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLibraryStore, type LibraryOptions, type LibraryStore } from "../src/index";
import { FakeServer, FakeSocket, progress, video } from "./fake";

/** The options that the store gave to io(). */
interface Options {
  auth: (give: (auth: object) => void) => void;
}
const made = vi.hoisted(() => ({ io: vi.fn() }));
vi.mock("socket.io-client", () => ({ io: made.io }));

let socket: FakeSocket;
let server: FakeServer;
let kept: Map<string, string>;
const leaves: (() => void)[] = [];

const settle = () => vi.advanceTimersByTimeAsync(50);
const auth = () =>
  new Promise<object>((resolve) => {
    const [, options] = made.io.mock.lastCall as [string, Options];
    options.auth(resolve);
  });

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  server.videos = [video("a", { status: "processing", stage: "metadata", rev: 2 })];
  kept = new Map();
  vi.stubGlobal("sessionStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) });
  made.io.mockImplementation(() => (socket = new FakeSocket()));
});
afterEach(async () => {
  for (const leave of leaves.splice(0)) leave();
  await settle();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function open(options: LibraryOptions = {}): LibraryStore {
  const store = createLibraryStore({ url: "http://test", token: "t", fetch: server.fetch, ...options });
  leaves.push(store.subscribe(() => {}));
  return store;
}

describe("the store's own socket", () => {
  it("comes back with its cursor, also after the page was loaded again", async () => {
    open();
    expect(await auth()).toEqual({ token: "t" });
    socket.up();
    socket.ready(false, "e.5");
    await settle();
    expect(await auth()).toEqual({ token: "t", after: "e.5" });
    for (let seq = 6; seq <= 200; seq++) socket.fire(...progress("a", 2, seq, 20));
    await vi.advanceTimersByTimeAsync(300);
    expect([...kept.values()]).toEqual(["e.200"]);

    open(); // the page is loaded again
    expect(await auth()).toEqual({ token: "t", after: "e.200" });
    socket.up();
    server.cursor = "e.210";
    socket.ready(true, "e.205");
    await settle();
    expect(server.calls).toHaveLength(2); // what is to be shown is not kept

    open({ url: "http://other" });
    expect(await auth()).toEqual({ token: "t" });
  });

  it("goes on from where it was when nobody listened for a while", async () => {
    const store = open();
    socket.up();
    socket.ready(false, "e.5");
    await settle();
    leaves.pop()!();
    await settle();
    expect(socket.disconnect).toHaveBeenCalled();
    expect([...kept.values()]).toEqual(["e.5"]);
    socket.connected = false;
    leaves.push(store.subscribe(() => {}));
    expect(await auth()).toEqual({ token: "t", after: "e.5" });
    socket.up(false);
    socket.fire(...progress("a", 2, 6, 33));
    socket.ready(true, "e.6");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(store.getVideo("a").video?.progress).toBe(33);
    expect(server.calls).toHaveLength(1);
  });

  it.each([
    ["absent", undefined],
    ["forbidden", { getItem: () => { throw new Error("SecurityError"); }, setItem: () => { throw new Error("QuotaExceededError"); } }],
    ["full of nonsense", { getItem: () => "nonsense", setItem: () => {} }],
  ])("works where storage is %s", async (_, storage) => {
    vi.stubGlobal("sessionStorage", storage);
    const store = open();
    expect(await auth()).toEqual({ token: "t" });
    socket.up();
    socket.ready(false, "e.5");
    await vi.advanceTimersByTimeAsync(300);
    expect(store.getCursor()).toBe("e.5");
    expect(await auth()).toEqual({ token: "t", after: "e.5" });
  });

  it.each([
    ["a refused origin", '{"code":"origin_not_allowed","detail":"Pages of the origin \\"http://app.example\\" may not use this server."}', 403, { code: "origin_not_allowed", status: 403, message: /app\.example/ }],
    ["a wrong path", '{"code":"not_found","detail":"There is nothing at this address."}', 404, { code: "not_found", status: 404, message: /nothing/ }],
    ["a page of something else", "<!doctype html>", 502, { code: "network", status: 0, message: /cannot be reached/ }],
    ["nothing", "", 0, { code: "network", status: 0, message: /cannot be reached/ }],
  ])("tells what a handshake was answered: %s", (_, responseText, status, { message, ...want }) => {
    const store = open();
    socket.fire("connect_error", Object.assign(new Error("xhr poll error"), { context: { responseText, status } }));
    expect(store.getConnection()).toMatchObject({ state: "reconnecting", error: want });
    expect(store.getConnection().error?.message).toMatch(message);
  });

  it("tries again by itself when a limit refused it, as late as it was told", async () => {
    const store = open();
    socket.active = false;
    socket.fire("connect_error", Object.assign(new Error("Too many connections."), { data: { code: "rate_limited", retryAfter: 7 } }));
    expect(store.getConnection()).toMatchObject({ state: "refused", error: { code: "rate_limited" } });
    expect(socket.connect).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(6_500);
    expect(socket.connect).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(socket.connect).toHaveBeenCalledTimes(2);
  });
});

describe("a token that is about to end", () => {
  const soon = { expiresAt: "2026-01-01T00:01:00Z" };
  const fresh = { ok: true, expiresAt: "2026-01-01T01:00:00Z" };
  const refreshes = () => socket.sent.filter(([name]) => name === "auth:refresh").map(([, argument]) => argument);

  it("is replaced by a fresh one, once", async () => {
    let n = 0;
    open({ token: () => `t${++n}` });
    socket.up();
    await settle();
    const before = n;
    socket.answers["auth:refresh"] = () => fresh;
    socket.fire("auth:expiring", soon);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(refreshes()).toEqual([{ token: `t${before + 1}` }]);
  });

  it.each([
    ["the same token comes again", { ok: true, expiresAt: soon.expiresAt }],
    ["it is refused", { ok: false, error: { code: "unavailable", message: "" } }],
  ])("is asked for again, not for ever, when %s", async (_, answer) => {
    open({ token: () => "t" });
    socket.up();
    await settle();
    socket.answers["auth:refresh"] = () => answer;
    socket.fire("auth:expiring", soon);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(refreshes()).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(refreshes()).toHaveLength(5);
  });

  it("is asked for again when it cannot be had, and no longer once the connection is gone", async () => {
    const token = vi.fn<() => Promise<string>>().mockResolvedValue("t");
    open({ token });
    socket.up();
    await settle();
    token.mockRejectedValueOnce(new Error("offline"));
    socket.fire("auth:expiring", soon);
    await vi.advanceTimersByTimeAsync(10_500);
    expect(refreshes()).toEqual([{ token: "t" }]);
    const asked = token.mock.calls.length;
    socket.down();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(token).toHaveBeenCalledTimes(asked);
  });

  it("is left to end when there is no other", async () => {
    open({ token: "t" });
    socket.up();
    socket.fire("auth:expiring", soon);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(refreshes()).toEqual([]);
  });
});
