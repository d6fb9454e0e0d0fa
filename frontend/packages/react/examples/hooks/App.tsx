import { useConnection, useVideoLibrary } from "@reelroom/react";
import { store } from "./socket";

export function App() {
  const { videos } = useVideoLibrary({}, store);
  const connected = useConnection(store).state === "connected";

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
