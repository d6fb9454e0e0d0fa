// An app that shows nothing, and writes down what the hooks tell.
import {
  createLibraryStore, ReelroomProvider, useBatchProgress, useConnection, useEvents, useJobProgress, useJobStatus, useVideoCounts, useVideoIds, useVideoLibrary,
} from "@reelroom/react";
import { createElement as h, StrictMode, useEffect, useState, version } from "react";
import { createRoot } from "react-dom/client";

const queries = {
  all: {},
  old: { sort: "createdAt" },
  title: { sort: "title" },
  failed: { status: "failed", sort: "-title" },
  working: { status: ["queued", "processing"] },
  found: { q: "KEEP" },
  safe: { verdict: ["safe", "review", "flagged"], sort: "duration" },
};

window.state = { version, views: {}, heard: {} };
const put = (key, value) => (window.state[key] = value);

function View({ name }) {
  const library = useVideoLibrary(queries[name]);
  const { ids } = useVideoIds(queries[name]);
  useEffect(() => {
    window.state.views[name] = { state: library.state, ids, videos: library.videos };
    if (library.hasMore && !library.loadingMore && library.state === "ready") void library.loadMore();
  });
  return null;
}

function Job({ id, batch }) {
  const [progress, status, of] = [useJobProgress(id), useJobStatus(id), useBatchProgress(batch)];
  useEffect(() => {
    put("job", { progress, status });
    put("batch", of);
  });
  return null;
}

function Probe() {
  const [asked, setAsked] = useState({ id: null, batch: null });
  const [connection, counts] = [useConnection(), useVideoCounts()];
  useEffect(() => {
    put("connection", connection.state);
    put("counts", counts.value);
    put("follow", (id, batch) => setAsked({ id, batch }));
  });
  useEvents("chat:message", (payload, cursor) => {
    (window.state.heard.chat ??= []).push([payload.text, cursor]);
  });
  return [...Object.keys(queries).map((name) => h(View, { name, key: name })), h(Job, { key: "job", ...asked })];
}

const token = async () => localStorage.getItem("token");
const store = createLibraryStore({ url: import.meta.env.VITE_SERVER, token, pageSize: 3 });
createRoot(document.getElementById("root")).render(h(StrictMode, null, h(ReelroomProvider, { value: store }, h(Probe))));
