import type { VideoDocument } from "@reelroom/react";
import { useState } from "react";
import { call, ownURL } from "../../lib/api";

export interface Source {
  src: string;
  /** A type that the player kit knows; the browser looks at the bytes. */
  type: "video/mp4" | "video/webm";
}

/** What to give the player, and what to do when it cannot play that. */
export interface Playing {
  source: Source | null;
  /** Why nothing can be played: the browser does not know the format, or the file cannot be had. */
  trouble: "" | "format" | "gone";
  /** The player could not play the source. Tells whether there is another one, so that it may go on. */
  failed: () => Promise<boolean>;
  /** The picture is in a format that the browser does not know. */
  blind: () => void;
  again: () => void;
}

/**
 * The source that the player has. Documents bring the same file under new
 * addresses, because addresses expire; a running player keeps the one that it
 * has until it no longer works.
 */
export function usePlaying(video: VideoDocument, put: (video: VideoDocument) => void): Playing {
  const offered = sourceOf(video);
  const [held, setHeld] = useState(offered);
  const [trouble, setTrouble] = useState<Playing["trouble"]>("");
  // The very first address, or another file: a version for browsers was made.
  if (offered && (!held || fileOf(held) !== fileOf(offered))) {
    setHeld(offered);
    setTrouble("");
  }

  const failed = async () => {
    if (!held) return false;
    if (await served(held.src)) {
      // A version that browsers play may have been made meanwhile.
      if (offered && fileOf(offered) !== fileOf(held)) return true;
      setTrouble("format");
      return false;
    }
    try {
      const fresh = await call<VideoDocument>(`/api/videos/${encodeURIComponent(video.id)}`);
      put(fresh);
      const next = sourceOf(fresh);
      if (next && next.src !== held.src && (await served(next.src))) {
        setHeld(next);
        return true;
      }
    } catch {
      // told below
    }
    setTrouble("gone");
    return false;
  };
  const again = () => {
    setTrouble("");
    setHeld(offered);
  };
  return { source: held, trouble, failed, blind: () => setTrouble("format"), again };
}

function sourceOf(v: VideoDocument): Source | null {
  // Some browsers play more than all do, so the file itself is tried where nothing better is there.
  const src = ownURL(v.playback?.url) ?? ownURL(v.media);
  if (!src || v.status === "deleted") return null;
  const type = v.playback?.mediaType ?? v.mediaType;
  return { src, type: /webm|matroska|ogg/.test(type) ? "video/webm" : "video/mp4" };
}

const fileOf = (source: Source) => source.src.split("?")[0];

/** Whether the address still gives the file. */
async function served(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { method: "HEAD" })).ok;
  } catch {
    return false;
  }
}
