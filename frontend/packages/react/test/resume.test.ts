import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLibraryStore, type LibraryStore } from "../src/index";
import { changed, FakeServer, FakeSocket, progress, video } from "./fake";

let socket: FakeSocket;
let server: FakeServer;
let store: LibraryStore;
let leave: () => void;

const settle = () => vi.advanceTimersByTimeAsync(50);
const held = (id: string) => store.getVideo(id).video;
const lists = () => server.calls.filter((call) => call.startsWith("/api/videos?")).length;
const subscribed = () => socket.sent.filter(([name]) => name === "video:subscribe").length;

beforeEach(async () => {
  vi.useFakeTimers();
  socket = new FakeSocket();
  server = new FakeServer();
  server.videos = [video("a", { status: "processing", stage: "metadata", progress: 10, rev: 2 })];
  server.cursor = "e.10";
  store = createLibraryStore({ socket: socket.asSocket, fetch: server.fetch });
  leave = store.subscribe(() => {});
  socket.up();
  socket.ready(false, "e.10");
  await settle();
  expect(lists()).toBe(1);
});
afterEach(async () => {
  leave();
  await settle();
  vi.useRealTimers();
});

/** Makes the server hold its answers back until the returned function is called. */
function hold(): () => void {
  let open = () => {};
  server.gate = new Promise((resolve) => (open = resolve));
  return open;
}

describe("the cursor", () => {
  it("is that of the last event of any kind, and never goes back", () => {
    expect(store.getCursor()).toBe("e.10");
    socket.fire(...progress("a", 2, 11, 20));
    expect(store.getCursor()).toBe("e.11");
    socket.fire("chat:message", { text: "hello" }, "e.12");
    expect(store.getCursor()).toBe("e.12");
    socket.fire(...progress("a", 2, 11, 20));
    socket.fire("video:updated", { videoId: "a" }, "not a cursor");
    socket.fire("video:updated", { videoId: "a" });
    expect(store.getCursor()).toBe("e.12");
    socket.reset("lost", "f.3");
    expect(store.getCursor()).toBe("f.3");
  });
});

describe.each([
  ["a client since 4.6 whose session is gone", false],
  ["a client before 4.6", undefined],
])("%s", (_, recovered) => {
  it("waits for the server's word, and fetches nothing when all has come", async () => {
    store.watch("a");
    socket.down();
    socket.up(recovered);
    expect(subscribed()).toBe(2); // the new session follows nothing yet
    socket.fire(...progress("a", 2, 11, 44));
    socket.ready(true, "e.11");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(held("a")?.progress).toBe(44);
    expect(lists()).toBe(1);
  });

  it("fetches once when it has not", async () => {
    socket.down();
    server.videos = [video("b")];
    server.cursor = "e.30";
    socket.up(recovered);
    socket.reset("session", "e.30");
    socket.ready(false, "e.30");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(lists()).toBe(2);
    expect(store.getLibrary().videos.map((v) => v.id)).toEqual(["b"]);
  });

  it("fetches nothing when nothing has happened since", async () => {
    socket.down();
    socket.up(recovered);
    socket.reset("session", "e.10");
    socket.ready(false, "e.10");
    await vi.advanceTimersByTimeAsync(30_000);
    expect(lists()).toBe(1);
  });

  it("fetches when the word does not come", async () => {
    socket.down();
    socket.up(recovered);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(lists()).toBe(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(lists()).toBe(2);
  });
});

describe("a resumed session", () => {
  it("whose events are too old fetches once", async () => {
    socket.down();
    socket.up(true);
    socket.reset("expired", "e.5000");
    socket.ready(false, "e.5000");
    server.cursor = "e.5000";
    await vi.advanceTimersByTimeAsync(30_000);
    expect(lists()).toBe(2);
  });

  it("fetches when the one that it goes on from had not told yet what it had missed", async () => {
    socket.down();
    socket.up(false); // a new session, cut before stream:ready
    socket.down();
    socket.up(true);
    socket.ready(true, "e.20");
    await settle();
    expect(lists()).toBe(2);
  });

  it("fetches when the list could not be fetched before", async () => {
    server.status = 503;
    void store.reload();
    await settle();
    socket.down();
    server.status = 200;
    socket.up(true);
    await settle();
    expect(lists()).toBe(3);
    expect(store.getLibrary().error).toBeNull();
  });

  it("fetches when the store was not listening for a while", async () => {
    leave();
    await settle();
    socket.connected = false;
    leave = store.subscribe(() => {});
    socket.up(true);
    await settle();
    expect(lists()).toBe(2);
  });

  it("is asked again for what was lost with the connection, and told what is no longer watched", async () => {
    store.watch("a"); // not answered
    const stop = store.watch("b");
    socket.answers["video:subscribe"] = (id) => ({ ok: true, video: video(id as string), cursor: "e.12" });
    store.watch("c");
    socket.down();
    stop();
    await settle();
    socket.sent = [];
    socket.up(true);
    expect(socket.sent).toEqual([["video:subscribe", "a"], ["video:unsubscribe", "b"]]);
  });
});

it("fetches nothing for a stream:reset that the list is already past", async () => {
  socket.reset("session", "e.10");
  await settle();
  expect(lists()).toBe(1);
  socket.fire("stream:reset", { reason: "lost" });
  await settle();
  expect(lists()).toBe(2);
});

describe("stream:reset while the list is on its way", () => {
  it.each([
    ["is content with one that was read later", "e.20", "e.20", 2],
    ["fetches again when it was read before", "e.19", "e.20", 3],
    ["fetches again when the list cannot tell", "", "e.20", 3],
    ["fetches again when the reset does not tell", "e.20", undefined, 3],
  ])("%s", async (_, cursor, at, calls) => {
    const open = hold();
    server.cursor = cursor;
    void store.reload();
    await settle();
    socket.fire("stream:reset", { reason: "expired", cursor: at });
    open();
    await settle();
    expect(lists()).toBe(calls);
  });
});

describe("what is replayed", () => {
  it("is dropped when the list was read later, also for videos that are not on its page", async () => {
    socket.fire(...progress("a", 9, 9, 90));
    socket.fire(...progress("elsewhere", 2, 10, 50));
    socket.fire(...changed("video:deleted", "a", 8, 10));
    await settle();
    expect(held("a")?.progress).toBe(10);
    expect(server.calls).toHaveLength(1);
    socket.fire(...progress("elsewhere", 2, 11, 50));
    await settle();
    expect(server.calls.at(-1)).toBe("/api/videos/elsewhere");
  });

  it("may come without a cursor, for one video", () => {
    const [name, payload] = progress("a", 2, 9, 90);
    socket.fire(name, payload);
    expect(held("a")?.progress).toBe(10);
    socket.fire(name, { ...payload, seq: 11, progress: 60 });
    expect(held("a")?.progress).toBe(60);
    expect(store.getCursor()).toBe("e.10");
  });

  it("of many new videos is one list, not many documents", async () => {
    const open = hold();
    for (let n = 0; n < 300; n++) socket.fire(...changed("video:queued", `v${n}`, 1, 11 + n, { status: "queued" }));
    server.cursor = "e.310";
    open();
    await settle();
    expect(lists()).toBeGreaterThan(1);
    expect(server.calls.length).toBeLessThan(20);
  });
});

it("fetches the list when a document cannot be had", async () => {
  server.status = 503;
  socket.fire(...changed("video:queued", "b", 1, 11, { status: "queued" }));
  await settle();
  expect(held("b")).toBeNull();
  server.status = 200;
  server.videos.push(video("b"));
  await vi.advanceTimersByTimeAsync(1_100);
  expect(held("b")?.id).toBe("b");
});

it("keeps a watched video that is not on the page of the list", async () => {
  socket.answers["video:subscribe"] = () => ({ ok: true, video: video("w", { rev: 3 }), cursor: "e.12" });
  store.watch("w");
  void store.reload();
  await settle();
  expect(held("w")?.rev).toBe(3);
  socket.answers["video:subscribe"] = () => ({ ok: false, error: { code: "not_found", message: "" } });
  void store.reload();
  await settle();
  expect(store.getVideo("w")).toEqual({ state: "missing", video: null, deleted: false, error: null });
});

describe("an id that is made again after its video was purged", () => {
  const again = { createdAt: "2026-01-03T00:00:00Z", updatedAt: "2026-01-03T00:00:00Z", title: "second life" };
  const queued = (seq: number) => changed("video:queued", "a", 1, seq, { status: "queued", title: again.title, ts: again.createdAt });
  const deleted = changed("video:deleted", "a", 7, 20, { status: "deleted", ts: "2026-01-02T00:00:00Z" });

  it("comes back with its first event", async () => {
    socket.fire(...deleted);
    expect(store.getVideo("a").state).toBe("missing");
    server.videos = [video("a", again)];
    socket.fire(...queued(30));
    await settle();
    expect(held("a")).toMatchObject({ rev: 1, title: "second life", createdAt: again.createdAt });
  });

  it("comes back with the list, and nothing of the life before reaches it", async () => {
    socket.fire(...deleted);
    server.videos = [video("a", again)];
    server.cursor = "e.30";
    await store.reload();
    expect(held("a")?.title).toBe("second life");
    socket.fire(...progress("a", 6, 19, 99));
    socket.fire(...deleted);
    expect(held("a")).toMatchObject({ rev: 1, progress: 0 });
    socket.fire(...progress("a", 2, 31, 12));
    expect(held("a")?.progress).toBe(12);
  });

  it("replaces one whose end was missed", async () => {
    socket.fire(...progress("a", 6, 15, 50));
    server.videos = [video("a", again)];
    server.cursor = "e.30";
    await store.reload();
    expect(held("a")).toMatchObject({ rev: 1, title: "second life" });
  });

  it("does not let a late answer bring back the one that is gone", async () => {
    socket.fire(...deleted);
    store.put(video("a", { rev: 6 }));
    socket.fire(...progress("a", 6, 19, 99));
    expect(held("a")).toBeNull();
    store.put(video("a", again));
    expect(held("a")?.title).toBe("second life");
  });

  it("comes back after the page took it away itself", async () => {
    store.forget("a");
    socket.fire(...progress("a", 6, 19, 99)); // still of the first life
    expect(held("a")).toBeNull();
    socket.fire(...deleted);
    server.videos = [video("a", again)];
    socket.fire(...queued(30));
    await settle();
    expect(held("a")?.title).toBe("second life");
  });
});
