import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLibraryStore, paramsOf, queryOf, type LibraryStore, type LibraryView } from "../src/index";
import { changed, FakeServer, FakeSocket, progress, video } from "./fake";

let socket: FakeSocket;
let server: FakeServer;
let store: LibraryStore;
const leaves: (() => void)[] = [];

const settle = () => vi.advanceTimersByTimeAsync(50);
const ids = (view: LibraryView) => view.get().videos.map(({ id }) => id);
const day = (n: number) => ({ createdAt: `2026-01-${String(n).padStart(2, "0")}T00:00:00Z` });

beforeEach(() => {
  vi.useFakeTimers();
  socket = new FakeSocket();
  server = new FakeServer();
  server.cursor = "e.10";
  store = createLibraryStore({ socket: socket.asSocket, fetch: server.fetch, pageSize: 2 });
});
afterEach(async () => {
  for (const leave of leaves.splice(0)) leave();
  await settle();
  vi.useRealTimers();
});

async function open(view: LibraryView, listener = () => {}) {
  leaves.push(view.subscribe(listener));
  if (!socket.connected) {
    socket.up();
    socket.ready(false, "e.10");
  }
  await settle();
  return view;
}

describe("a view", () => {
  it("asks as the server wants it, whatever the query looks like", async () => {
    await open(store.view({ q: "  Cat ", status: ["processing", "queued", "queued"], verdict: "flagged", sort: "-title" }));
    expect(server.calls).toEqual(["/api/videos?q=Cat&status=processing%2Cqueued&verdict=flagged&sort=-title&limit=2"]);
    await open(store.view({ q: "Cat", status: ["queued", "processing"], verdict: ["flagged"], sort: "-title", batch: "" }));
    expect(server.calls).toHaveLength(1); // it is the same one
    expect(queryOf(paramsOf({ q: "x", sort: "size", status: "failed" }))).toMatchObject({ q: "x", sort: "size", status: ["failed"] });
    expect(paramsOf(queryOf(new URLSearchParams("status=wrong&sort=wrong"))).toString()).toBe("");
  });

  it("takes videos in and lets them go by what events say, and asks nobody", async () => {
    server.videos = [video("b", { status: "processing", rev: 2, ...day(2) })];
    const running = await open(store.view({ status: "processing" }));
    server.videos = [video("b", { status: "processing", rev: 2, ...day(2) }), video("a", { ...day(1) })];
    await open(store.view());
    const { length } = server.calls;
    socket.fire(...progress("a", 2, 11, 10));
    expect(ids(running)).toEqual(["b", "a"]);
    socket.fire(...changed("video:processed", "b", 3, 12, { status: "completed", progress: 100 }));
    expect(ids(running)).toEqual(["a"]);
    await settle();
    expect(server.calls).toHaveLength(length);
  });

  it("shows at once what is known, and all once it was fetched", async () => {
    server.videos = [video("b", day(2)), video("a", day(1))];
    await open(store.view());
    server.videos = [video("a", day(1)), video("aa", { ...day(3), title: "aa" })];
    const found = store.view({ q: "A" });
    expect(found.get()).toMatchObject({ state: "idle" });
    expect(ids(found)).toEqual(["a"]);
    await open(found);
    expect(found.get()).toMatchObject({ state: "ready" });
    expect(ids(found)).toEqual(["aa", "a"]);
  });

  it("ends where the last page ended, whatever is known of what comes after", async () => {
    server.videos = ["d", "c", "b", "a"].map((id, i) => video(id, day(9 - i)));
    const all = await open(store.view());
    store.put(server.videos[3]!);
    expect(ids(all)).toEqual(["d", "c"]);
    expect(all.get()).toMatchObject({ hasMore: true, loadingMore: false });
    void all.loadMore();
    expect(all.get().loadingMore).toBe(true);
    await settle();
    expect(ids(all)).toEqual(["d", "c", "b", "a"]);
  });

  it("asks for no video beyond that when events speak of it", async () => {
    server.videos = ["d", "c", "b", "a"].map((id, i) => video(id, { ...day(9 - i), rev: 5 }));
    await open(store.view());
    for (let seq = 11; seq < 100; seq++) socket.fire(...progress(seq % 2 ? "a" : "b", 6, seq, 50));
    await settle();
    expect(server.calls).toHaveLength(1);
  });

  it("believes the server about what does not belong to it", async () => {
    await open(store.view());
    store.put(video("a", { title: "match", rev: 3 }));
    const found = await open(store.view({ q: "match" }));
    expect(ids(found)).toEqual([]);
    expect(store.getVideo("a").state).toBe("ready"); // but it is there
    socket.fire(...progress("a", 4, 11, 20));
    expect(ids(found)).toEqual(["a"]); // since then it has changed
  });

  it("is the same object until something in it changes, and the ids until their order does", async () => {
    server.videos = [video("b", { ...day(2), status: "processing", rev: 2 }), video("a", day(1))];
    const heard = vi.fn();
    const all = await open(store.view(), heard);
    const failed = await open(store.view({ status: "failed" }));
    heard.mockClear();
    const [library, list, none] = [all.get(), all.getIds(), failed.get()];
    for (let seq = 11; seq < 500; seq++) socket.fire(...progress("b", 2, seq, seq / 5));
    await settle();
    expect(heard).toHaveBeenCalledTimes(1);
    expect(all.get()).not.toBe(library);
    expect(all.get().videos[1]).toBe(library.videos[1]);
    expect(all.getIds()).toBe(list);
    expect(failed.get()).toBe(none);
  });

  it("is kept a while when nobody uses it, and then let go of with its videos", async () => {
    server.videos = [video("a")];
    await open(store.view());
    const failed = await open(store.view({ status: "failed" }));
    server.videos = [video("f", { status: "failed", rev: 3 })];
    await failed.reload();
    leaves.pop()!();
    await vi.advanceTimersByTimeAsync(10_000);
    const { length } = server.calls;
    await open(failed);
    expect(server.calls).toHaveLength(length);
    expect(ids(failed)).toEqual(["f"]);
    leaves.pop()!();
    await open(store.view({ status: "cancelled" })); // a later list does not know it, and is another query's
    await vi.advanceTimersByTimeAsync(40_000);
    expect(store.getVideo("f").video).not.toBeNull(); // the library has it
    expect(failed.get().state).toBe("idle");
  });

  it("gives up a list that nobody waits for any more", async () => {
    await open(store.view());
    let release = () => {};
    server.gate = new Promise((resolve) => (release = resolve));
    const leave = store.view({ q: "c" }).subscribe(() => {});
    leave();
    await settle();
    server.videos = [video("c")];
    server.gate = undefined;
    await open(store.view({ q: "ca" }));
    release();
    await settle();
    expect(store.view({ q: "c" }).get().state).toBe("idle");
  });

  it("begins anew when its place is none any more", async () => {
    server.videos = ["d", "c", "b", "a"].map((id, i) => video(id, day(9 - i)));
    const all = await open(store.view());
    server.status = 400;
    const more = all.loadMore();
    await Promise.resolve();
    server.status = 200;
    await more;
    await settle();
    expect(server.calls.at(-1)).toBe("/api/videos?limit=2");
    expect(all.get().state).toBe("ready");
  });
});

describe("what the page does before the server has answered", () => {
  it("hides a video until that is taken back", async () => {
    server.videos = [video("b", day(2)), video("a", day(1))];
    const all = await open(store.view());
    const [once, twice] = [store.hide("b"), store.hide("b")];
    expect(ids(all)).toEqual(["a"]);
    expect(store.getVideo("b")).toEqual({ state: "missing", video: null, deleted: true, error: null });
    socket.fire(...progress("b", 2, 11, 20));
    await all.reload();
    expect(ids(all)).toEqual(["a"]);
    once();
    once();
    expect(ids(all)).toEqual(["a"]);
    twice();
    expect(ids(all)).toEqual(["b", "a"]);
    expect(store.getVideo("b").video).toMatchObject({ progress: 20 });
    const restore = store.hide("b");
    socket.fire(...changed("video:deleted", "b", 3, 12, { status: "deleted" }));
    restore();
    expect(ids(all)).toEqual(["a"]);
  });

  it("shows another title, in its place, until the server tells one", async () => {
    server.videos = [video("a", { title: "a" }), video("b", { title: "b" })];
    const all = await open(store.view({ sort: "title" }));
    const undo = store.rename("a", "c");
    expect(ids(all)).toEqual(["b", "a"]);
    undo();
    expect(ids(all)).toEqual(["a", "b"]);
    const late = store.rename("a", "c");
    const renamed = video("a", { title: "d", rev: 2 });
    socket.fire(...changed("video:updated", "a", 2, 11, { video: renamed }));
    late();
    expect(store.getVideo("a").video?.title).toBe("d");
    expect(store.rename("nobody", "x")).toBeTypeOf("function");
  });
});

describe("events", () => {
  it("reach who asks for them by name, each once, also those that came again", async () => {
    const heard = vi.fn();
    leaves.push(store.on("upload:progress", heard), store.on("chat:message", heard));
    socket.up();
    const upload = { uploadId: "u", received: 5 };
    socket.fire("upload:progress", upload, "e.11");
    socket.fire("upload:progress", upload, "e.11");
    socket.fire("chat:message", { text: "hello" }, "e.12");
    expect(heard.mock.calls).toEqual([[upload, "e.11"], [{ text: "hello" }, "e.12"]]);
    expect(store.getCursor()).toBe("e.12");
    expect(server.calls).toEqual([]); // nobody wants a list
  });
});

it("can play a video as soon as it is processed", async () => {
  server.videos = [video("a", { status: "processing", rev: 2, stage: "metadata" })];
  await open(store.view());
  const playback = { url: "/play", mediaType: "video/mp4", kind: "source" };
  socket.fire(...changed("video:processed", "a", 3, 11, { status: "completed", playback }));
  expect(store.getVideo("a").video).toMatchObject({ status: "completed", playback });
});

it("reads a document again whose revisions were passed over", async () => {
  server.videos = [video("a", { status: "processing", rev: 2, stage: "metadata" })];
  await open(store.view());
  server.videos = [video("a", { status: "processing", rev: 6, stage: "metadata", title: "renamed" })];
  socket.fire(...progress("a", 6, 15, 20));
  await settle();
  expect(store.getVideo("a").video).toMatchObject({ title: "renamed", progress: 20 });
});

it("counts, and asks again only when something moved", async () => {
  const counts = store.counts();
  leaves.push(counts.subscribe(() => {}));
  socket.up();
  await settle();
  expect(server.calls).toEqual(["/api/videos/counts"]);
  for (let seq = 11; seq < 50; seq++) socket.fire(...progress("a", 6, seq, 50, { stage: "sensitivity" }));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(server.calls).toHaveLength(1);
  for (let seq = 50; seq < 90; seq++) socket.fire(...changed("video:processed", `v${seq}`, 4, seq, { status: "completed" }));
  await vi.advanceTimersByTimeAsync(5_000);
  expect(server.calls).toHaveLength(2);
});
