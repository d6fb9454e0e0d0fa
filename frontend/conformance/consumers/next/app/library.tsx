"use client";

import { createLibraryStore, ReelroomProvider, useConnection, useEvents, useJobProgress, useVideoLibrary, type VideoDocument, type VideoQuery } from "@reelroom/react";
import { useState, version } from "react";

const store = createLibraryStore({
  url: process.env.NEXT_PUBLIC_SERVER ?? "http://localhost:5000",
  token: async () => localStorage.getItem("token") ?? "",
});

function Row({ video }: { video: VideoDocument }) {
  const job = useJobProgress(video.id);
  return <li data-video={video.id}>{video.title}: {job?.status} {job?.pct} %</li>;
}

function Videos({ query }: { query: VideoQuery }) {
  const { videos } = useVideoLibrary(query);
  const { state, error } = useConnection();
  const [said, say] = useState("");
  useEvents("chat:message", ({ text }) => say(text));
  return (
    <>
      <h1>React {version}</h1>
      <p id="connection">{state} {error?.message}</p>
      <p id="chat">{said}</p>
      <ul>{videos.map((video) => <Row key={video.id} video={video} />)}</ul>
    </>
  );
}

export function Library({ query }: { query: VideoQuery }) {
  return <ReelroomProvider value={store}><Videos query={query} /></ReelroomProvider>;
}
