import { act, StrictMode, useEffect, useState, version, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  createLibraryStore, ReelroomProvider, useBatchProgress, useEvents, useJobProgress, useJobStatus, useVideoDocument, useVideoIds, useVideoLibrary,
  type LibraryStore,
} from "../src/index";
import { changed, FakeServer, FakeSocket, progress, video } from "./fake";

let socket: FakeSocket;
let server: FakeServer;
let store: LibraryStore;
let root: Root;
let box: HTMLElement;

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  socket = new FakeSocket();
  server = new FakeServer();
  store = createLibraryStore({ socket: socket.asSocket, fetch: server.fetch, pageSize: 2 });
  box = document.createElement("div");
  root = createRoot(box);
});
afterEach(() => act(() => root.unmount()));

/** Waits until the box shows a text. */
async function shows(text: string) {
  for (const end = Date.now() + 20_000; box.textContent !== text && Date.now() < end; ) await settle();
  expect(box.textContent).toBe(text);
}
const settle = () => act(() => new Promise<void>((resolve) => setTimeout(resolve, 60)));
const show = (node: ReactNode) =>
  act(() => root.render(<StrictMode><ReelroomProvider value={store}>{node}</ReelroomProvider></StrictMode>));

function Job({ id }: { id: string | null }) {
  const [p, s] = [useJobProgress(id), useJobStatus(id)];
  return <>{p ? `${p.status} ${p.stage} ${p.pct} ${p.message} ${p.done} ${p.error}` : "-"}|{s ? `${s.status} ${s.progress} ${s.error ?? ""} ${s.result ? "result" : ""}` : "-"}</>;
}

it(`tells of one job in the words of old apps (React ${version})`, async () => {
  socket.connected = true;
  socket.answers["video:subscribe"] = () => ({ ok: true, video: video("a"), cursor: "e.1" });
  await show(<Job id={null} />);
  await settle();
  expect(socket.sent).toEqual([]);
  expect(box.textContent).toBe("-|-");
  await show(<Job id="a" />);
  await shows("queued null 0  false null|pending 0  ");
  socket.fire(...progress("a", 2, 2, 33));
  await shows("processing metadata 33 Reading metadata false null|processing 33  ");
  socket.fire(...changed("video:processed", "a", 3, 3, { status: "completed" }));
  await shows("completed null 100  true null|complete 100  result");
  expect(server.calls).toEqual([]); // one job needs no list
});

it("tells of a job that has failed, or is none any more", async () => {
  socket.connected = true;
  socket.answers["video:subscribe"] = () => ({ ok: true, video: video("a"), cursor: "e.1" });
  await show(<Job id="a" />);
  socket.fire(...changed("video:failed", "a", 2, 2, { status: "failed", error: "Broken.", code: "corrupt", stage: "metadata" }));
  await shows("failed metadata 0  true Broken.|failed 0 Broken. ");
  socket.fire(...changed("video:deleted", "a", 3, 3, { status: "deleted" }));
  await shows("-|-");
});

it("asks how a batch stands once, and when one of its videos moves", async () => {
  const state = { job_id: "b", status: "processing", progress: 0, processed: 0, total: 2, eta_seconds: null, receiving: false, cancelling: false };
  let asked = 0;
  store = createLibraryStore({
    socket: socket.asSocket,
    fetch: async (input) => {
      expect(String(input)).toBe("/batch/b/status");
      asked++;
      return Response.json({ ...state });
    },
  });
  function Batch() {
    const batch = useBatchProgress("b");
    return <>{batch ? `${batch.status} ${batch.processed}/${batch.total} ${batch.progress}` : "-"}</>;
  }
  socket.connected = true;
  await show(<Batch />);
  await shows("processing 0/2 0");
  const before = asked;
  socket.fire(...progress("x", 2, 5, 33));
  Object.assign(state, { processed: 1, progress: 50 });
  for (let seq = 6; seq < 40; seq++) socket.fire(...progress("y", 2, seq, seq, { batchId: "b" }));
  await shows("processing 1/2 50");
  expect(asked).toBe(before + 1);
});

it("renders a row of a list when its own video changes, and the list when its order does", async () => {
  const renders: Record<string, number> = {};
  const count = (name: string) => (renders[name] = (renders[name] ?? 0) + 1);
  function Row({ id }: { id: string }) {
    const v = useVideoDocument(id);
    count(id);
    return <li>{v?.title}={v?.progress}</li>;
  }
  function List() {
    const { ids } = useVideoIds();
    count("list");
    return <ul>{ids.map((id) => <Row key={id} id={id} />)}</ul>;
  }
  server.videos = ["a", "b"].map((id) => video(id, { status: "processing", stage: "metadata", rev: 2 }));
  server.cursor = "e.1";
  socket.connected = true;
  await show(<List />);
  await shows("b=0a=0");
  const before = { ...renders };
  for (let seq = 2; seq < 50; seq++) socket.fire(...progress("a", 2, seq, seq));
  await shows("b=0a=49");
  expect(renders.list).toBe(before.list);
  expect(renders.b).toBe(before.b);
  expect(renders.a! - before.a!).toBeLessThanOrEqual(2); // once, and StrictMode looks twice
});

it("follows a query that changes, and events by their newest listener", async () => {
  server.videos = [video("b", { title: "bee" }), video("a", { title: "ant" })];
  server.cursor = "e.1";
  const heard: string[] = [];
  let type: (text: string) => void = () => {};
  function Search() {
    const [q, setQ] = useState("");
    useEffect(() => {
      type = setQ;
    }, []);
    const { videos } = useVideoLibrary({ q });
    useEvents("chat:message", ({ text }) => heard.push(`${q}: ${text}`));
    return <>{videos.map((v) => v.id).join()}</>;
  }
  socket.connected = true;
  await show(<Search />);
  await shows("b,a");
  act(() => type("be"));
  expect(box.textContent).toBe("b"); // at once, from what is known
  await settle();
  expect(server.calls).toEqual(["/api/videos?limit=2", "/api/videos?q=be&limit=2"]);
  socket.fire("chat:message", { text: "hello" }, "e.5");
  expect(heard).toEqual(["be: hello"]);
  await show(null);
  await settle();
  expect(socket.listening()).toBe(0);
  expect(socket.disconnect).not.toHaveBeenCalled();
});
