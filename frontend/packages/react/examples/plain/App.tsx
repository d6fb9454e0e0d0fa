import { useEffect, useState } from "react";
import { socket, token, url } from "./socket";

interface Video {
  id: string;
  title: string;
  status: string;
  progress: number;
  error: string | null;
}

export function App() {
  const [videos, setVideos] = useState<Video[]>([]);
  const [connected, setConnected] = useState(socket.connected);

  useEffect(() => {
    const change = (id: string, fields: Partial<Video>) => setVideos((all) => all.map((v) => (v.id === id ? { ...v, ...fields } : v)));
    const onConnect = async () => {
      setConnected(true);
      const response = await fetch(`${url}/api/videos`, { headers: { Authorization: `Bearer ${token}` } });
      if (response.ok) setVideos((await response.json()).data);
    };
    const onDisconnect = () => setConnected(false);
    const onProgress = (e: { videoId: string; progress: number }) => change(e.videoId, { status: "processing", progress: e.progress });
    const onProcessed = (e: { videoId: string }) => change(e.videoId, { status: "completed", progress: 100 });
    const onFailed = (e: { videoId: string; error: string }) => change(e.videoId, { status: "failed", error: e.error });
    socket.on("connect", onConnect);
    socket.on("disconnect", onDisconnect);
    socket.on("video:progress", onProgress);
    socket.on("video:processed", onProcessed);
    socket.on("video:failed", onFailed);
    if (socket.connected) void onConnect();
    return () => {
      socket.off("connect", onConnect);
      socket.off("disconnect", onDisconnect);
      socket.off("video:progress", onProgress);
      socket.off("video:processed", onProcessed);
      socket.off("video:failed", onFailed);
    };
  }, []);

  return (
    <main>
      <h1>Videos</h1>
      <p>{connected ? "Live" : "Offline"}</p>
      <ul>
        {videos.map((v) => (
          <li key={v.id} data-video={v.id}>{v.title}: {v.status} {v.progress} % {v.error}</li>
        ))}
      </ul>
    </main>
  );
}
