import { act, StrictMode, version, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLibraryStore, ReelroomProvider, useConnection, useVideo, useVideoLibrary, useVideoProgress, type LibraryStore } from "../src/index";
import { FakeServer, FakeSocket, progress, video } from "./fake";

let socket: FakeSocket;
let server: FakeServer;
let store: LibraryStore;
let root: Root;
let box: HTMLElement;

beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  socket = new FakeSocket();
  server = new FakeServer();
  store = createLibraryStore({ socket: socket.asSocket, fetch: server.fetch });
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

function List() {
  const { state, videos } = useVideoLibrary();
  return <>{state}:{useConnection().state}:{videos.map((v) => `${v.id}=${v.progress}`).join()}</>;
}

function Bar({ id }: { id: string }) {
  const { state } = useVideo(id);
  const p = useVideoProgress(id);
  return <>{state}:{p ? `${p.stage} ${p.progress} ${p.done}` : "-"}</>;
}

it(`shows the library live, in StrictMode (React ${version})`, async () => {
  server.videos = [video("a", { status: "processing", stage: "metadata", rev: 2 })];
  await show(<List />);
  expect(box.textContent).toBe("idle:connecting:");
  act(() => socket.up());
  await shows("ready:connected:a=0");
  socket.fire(...progress("a", 2, 1, 33));
  await shows("ready:connected:a=33");
  expect(server.calls).toHaveLength(1);
});

it("watches one video while it is shown", async () => {
  socket.connected = true;
  socket.answers["video:subscribe"] = () => ({ ok: true, video: video("a", { status: "processing", stage: "thumbnail", progress: 40 }), cursor: "e.1" });
  await show(<Bar id="a" />);
  await shows("ready:thumbnail 40 false");
  await show(null);
  await settle();
  expect(socket.sent.at(-1)).toEqual(["video:unsubscribe", "a"]);
  expect(socket.listening()).toBe(0);
});
