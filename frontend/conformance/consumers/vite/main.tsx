import { createLibraryStore, ReelroomProvider, useConnection, useEvents, useJobProgress, useVideoLibrary, type VideoDocument } from "@reelroom/react";
import { StrictMode, useState, version } from "react";
import { createRoot } from "react-dom/client";
import { io } from "socket.io-client";

const url = String(import.meta.env.VITE_SERVER);
const token = localStorage.getItem("token") ?? "";
const socket = io(url, { auth: { token } });
const store = createLibraryStore({ url, token, socket });

function Row({ video }: { video: VideoDocument }) {
  const job = useJobProgress(video.id);
  return <li data-video={video.id}>{video.title}: {job?.status} {job?.pct} %</li>;
}

function Videos() {
  const { videos } = useVideoLibrary({ sort: "-createdAt" });
  // @ts-expect-error there is no such order
  useVideoLibrary({ sort: "colour" });
  const { state, error } = useConnection();
  const [said, say] = useState("");
  useEvents("chat:message", ({ text }) => say(text));
  return (
    <main>
      <h1>React {version}</h1>
      <p id="connection">{state} {error?.message}</p>
      <p id="chat">{said}</p>
      <ul>{videos.map((video) => <Row key={video.id} video={video} />)}</ul>
    </main>
  );
}

createRoot(document.getElementById("root")!).render(<StrictMode><ReelroomProvider value={store}><Videos /></ReelroomProvider></StrictMode>);
