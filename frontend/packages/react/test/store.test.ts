import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLibraryStore, type LibraryStore } from "../src/index";
import { changed, FakeServer, FakeSocket, progress, video } from "./fake";

let socket: FakeSocket;
let server: FakeServer;
let store: LibraryStore;
let leave: () => void;

const settle = () => vi.advanceTimersByTimeAsync(50);
const titles = () => store.getLibrary().videos.map((v) => v.id);
const held = (id: string) => store.getVideo(id).video;

beforeEach(() => {
  vi.useFakeTimers();
  socket = new FakeSocket();
  server = new FakeServer();
  store = createLibraryStore({ socket: socket.asSocket, fetch: server.fetch, pageSize: 2 });
  leave = store.subscribe(() => {});
});
afterEach(async () => {
  leave();
  await settle();
  vi.useRealTimers();
});

async function start(...videos: ReturnType<typeof video>[]) {
  server.videos = videos;
  socket.up();
  await settle();
}

describe("list and tail", () => {
  it("fetches the list once connected, newest first", async () => {
    await start(video("b", { createdAt: "2026-01-02T00:00:00Z" }), video("a"));
    expect(store.getLibrary().state).toBe("ready");
    expect(titles()).toEqual(["b", "a"]);
    expect(server.calls).toEqual(["/api/videos?limit=2"]);
  });

  it("applies newer events and drops the others", async () => {
    server.cursor = "e.10";
    await start(video("a", { status: "processing", stage: "metadata", progress: 12, rev: 2 }));
    socket.fire(...progress("a", 2, 9, 11, { message: "old" })); // before the list
    expect(held("a")?.message).toBe("");
    socket.fire(...progress("a", 2, 11, 20));
    socket.fire(...progress("a", 2, 11, 25)); // the same place twice
    socket.fire(...progress("a", 1, 12, 90)); // an older revision
    expect(held("a")?.progress).toBe(20);
    socket.fire(...progress("a", 2, 13, 15)); // never falls within an attempt
    expect(held("a")?.progress).toBe(20);
    socket.fire(...progress("a", 3, 14, 10, { attempt: 2 })); // but a new attempt starts over
    expect(held("a")?.progress).toBe(10);
  });

  it("shows that a video waits because of trouble, and that it goes on", async () => {
    await start(video("a", { status: "processing", stage: "thumbnail", progress: 40, rev: 2 }));
    const waits = { stage: "thumbnail", message: "Trouble that may pass", retry: 1, retryAt: "2026-01-01T00:00:09Z" };
    socket.fire(...progress("a", 2, 11, 55, { stage: "thumbnail", etaSeconds: 3, etaHighSeconds: 7 }));
    expect(held("a")).toMatchObject({ etaSeconds: 3, etaHighSeconds: 7, retry: 0, retryAt: null });
    socket.fire(...progress("a", 3, 12, 40, waits));
    expect(held("a")).toMatchObject({ progress: 55, etaSeconds: null, etaHighSeconds: null, ...waits });
    // A document that was fetched meanwhile knows more than what is held.
    server.videos = [video("a", { status: "processing", stage: "thumbnail", progress: 40, rev: 4, retry: 1, message: "Choosing a thumbnail" })];
    socket.fire("stream:reset", { reason: "lost", cursor: "e.20" }, "e.20");
    await settle();
    expect(held("a")).toMatchObject({ progress: 55, message: "Choosing a thumbnail", retry: 1, retryAt: null });
  });

  it("ends in exactly what the outcome says, and takes nothing older after it", async () => {
    await start(video("a"));
    socket.fire("video:failed", { videoId: "a", status: "failed", attempt: 1, rev: 5, seq: 7, ts: "t", error: "This file is broken.", code: "corrupt", stage: "metadata" }, "e.7");
    socket.fire(...progress("a", 4, 8, 50));
    expect(held("a")).toMatchObject({ status: "failed", error: "This file is broken.", code: "corrupt", rev: 5 });
  });

  it("takes an event that came while the list was on its way", async () => {
    let open = () => {};
    server.gate = new Promise((resolve) => (open = resolve));
    await start(video("a", { status: "processing", stage: "metadata", rev: 2 }));
    socket.fire(...progress("a", 2, 5, 30));
    open();
    await settle();
    expect(held("a")?.progress).toBe(30);
    expect(server.calls).toHaveLength(1); // the list answered it
  });

  it("does not let the list bring a deleted video back", async () => {
    let open = () => {};
    server.gate = new Promise((resolve) => (open = resolve));
    await start(video("a"), video("b"));
    socket.fire("video:deleted", { videoId: "a", status: "deleted", attempt: 1, rev: 2, seq: 3, ts: "t" }, "e.3");
    open();
    await settle();
    expect(titles()).toEqual(["b"]);
    expect(store.getVideo("a").state).toBe("missing");
  });

  it("fetches a video that an event speaks of first, and applies what came meanwhile", async () => {
    await start();
    server.videos = [video("new")];
    let open = () => {};
    server.gate = new Promise((resolve) => (open = resolve));
    socket.fire("video:queued", { videoId: "new", title: "new", status: "queued", attempt: 1, rev: 1, seq: 1, ts: "t" }, "e.1");
    socket.fire(...progress("new", 2, 2, 40, { stage: "metadata" }));
    open();
    await settle();
    expect(held("new")).toMatchObject({ status: "processing", progress: 40, fileName: "new.mp4" });
    expect(server.calls.filter((c) => c === "/api/videos/new")).toHaveLength(1);
  });

  it("shows a waiting video's place until its work begins, and not after", async () => {
    await start(video("a", { queuePosition: 3 }));
    const place = (seq: number, queuePosition: number | null) =>
      socket.fire(...changed("video:queued", "a", 1, seq, { status: "queued", queuePosition }));
    place(2, null); // the first word comes before the place is known
    expect(held("a")?.queuePosition).toBe(3);
    place(3, 1);
    expect(held("a")).toMatchObject({ status: "queued", queuePosition: 1 });
    socket.fire(...progress("a", 2, 4, 10, { stage: "metadata" }));
    place(5, 1);
    expect(held("a")).toMatchObject({ status: "processing", queuePosition: null });
  });

  it("fetches the document when a stage has found something", async () => {
    await start(video("a", { status: "processing", stage: "thumbnail", rev: 3 }));
    server.videos = [video("a", { status: "processing", stage: "sensitivity", progress: 70, rev: 4, thumbnail: "/t" })];
    socket.fire(...progress("a", 4, 4, 72, { stage: "sensitivity" }));
    await settle();
    expect(held("a")).toMatchObject({ thumbnail: "/t", progress: 72 });
  });

  it("loads the next page and keeps its length when it is fetched again", async () => {
    await start(...["e", "d", "c", "b", "a"].map((id, i) => video(id, { createdAt: `2026-01-0${9 - i}T00:00:00Z` })));
    expect(store.getLibrary().hasMore).toBe(true);
    await store.loadMore();
    expect(titles()).toEqual(["e", "d", "c", "b"]);
    server.videos = server.videos.filter((v) => v.id !== "d");
    await store.reload();
    expect(titles()).toEqual(["e", "c", "b", "a"]);
  });
});

describe("connection", () => {
  it("fetches again after a reconnect that was not recovered, and only then", async () => {
    await start(video("a"));
    socket.down();
    expect(store.getConnection().state).toBe("reconnecting");
    socket.up(true);
    await settle();
    expect(server.calls).toHaveLength(1);
    socket.down();
    server.videos = [video("b")];
    socket.up(false);
    await settle();
    expect(server.calls).toHaveLength(2); // no cursor is known: nothing can be said of what was missed
    expect(titles()).toEqual(["b"]);
  });

  it("fetches again on stream:reset", async () => {
    await start(video("a"));
    socket.fire("stream:reset", { reason: "epoch", cursor: "f.1" });
    await settle();
    expect(server.calls).toHaveLength(2);
  });

  it("keeps what it shows while a list fails, and tries again", async () => {
    await start(video("a"));
    server.status = 503;
    void store.reload();
    await settle();
    expect(store.getLibrary()).toMatchObject({ state: "ready", error: { code: "unavailable", status: 503 } });
    server.status = 200;
    await vi.advanceTimersByTimeAsync(1_100);
    expect(store.getLibrary()).toMatchObject({ state: "ready", error: null });
  });

  it("tells a refusal with its code", async () => {
    socket.active = false;
    socket.fire("connect_error", Object.assign(new Error("Invalid token"), { data: { code: "token_expired" } }));
    expect(store.getConnection()).toMatchObject({ state: "refused", error: { message: "Invalid token", code: "token_expired" } });
  });

  it("counts its listeners: leaving and coming back at once costs nothing", async () => {
    await start(video("a"));
    const before = socket.listening();
    leave();
    leave();
    const again = store.subscribe(() => {});
    await settle();
    expect(socket.listening()).toBe(before);
    again();
    await settle();
    expect(socket.listening()).toBe(0);
    expect(socket.connect).not.toHaveBeenCalled(); // the app's socket is the app's
    expect(socket.disconnect).not.toHaveBeenCalled();
  });
});

describe("watch", () => {
  it("subscribes once for many, takes the ack as the present state, and again after a reconnect", async () => {
    await start();
    socket.answers["video:subscribe"] = () => ({ ok: true, video: video("a", { rev: 7, title: "from the ack" }), cursor: "e.20" });
    const first = store.watch("a");
    const second = store.watch("a");
    expect(socket.sent).toEqual([["video:subscribe", "a"]]);
    expect(held("a")?.title).toBe("from the ack");
    first();
    await settle();
    expect(socket.sent).toHaveLength(1);
    socket.down();
    socket.up();
    await settle();
    expect(socket.sent).toHaveLength(2);
    second();
    await settle();
    expect(socket.sent[2]).toEqual(["video:unsubscribe", "a"]);
  });

  it("says missing for a refusal", async () => {
    await start();
    socket.answers["video:subscribe"] = () => ({ ok: false, error: { code: "not_found", message: "There is no such video." } });
    const stop = store.watch("x");
    expect(store.getVideo("x")).toEqual({ state: "missing", video: null, deleted: false, error: null });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(socket.sent).toHaveLength(1);
    stop();
  });

  it("says of a deleted video that it was deleted", async () => {
    await start(video("a"));
    socket.fire(...changed("video:deleted", "a", 9, 20, { status: "deleted" }));
    expect(store.getVideo("a")).toEqual({ state: "missing", video: null, deleted: true, error: null });
  });

  it.each([["forbidden", 1], ["unavailable", 2]] as const)("says why when the server refuses to tell: %s", async (code, asked) => {
    await start();
    socket.answers["video:subscribe"] = () => ({ ok: false, error: { code, message: "No." } });
    const stop = store.watch("x");
    expect(store.getVideo("x")).toMatchObject({ state: "error", video: null, error: { code, message: "No." } });
    socket.answers["video:subscribe"] = () => ({ ok: true, video: video("x"), cursor: "e.1" });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(socket.sent).toHaveLength(asked);
    expect(store.getVideo("x").state).toBe(asked > 1 ? "ready" : "error");
    stop();
  });
});

it("tells its listeners of a burst once", async () => {
  await start(video("a", { status: "processing", stage: "metadata", rev: 2 }));
  const listener = vi.fn();
  const stop = store.subscribe(listener);
  for (let seq = 1; seq <= 500; seq++) socket.fire(...progress("a", 2, seq, 10 + seq / 20));
  await settle();
  expect(listener).toHaveBeenCalledTimes(1);
  stop();
});
