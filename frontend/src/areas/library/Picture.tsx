import { Film } from "lucide-react";
import { useMemo, useState } from "react";
import { thumbHashToDataURL } from "thumbhash";
import type { VideoDocument } from "@reelroom/react";
import { ownURL } from "../../lib/api";

/** A video's thumbnail; until it has loaded, the blur that its few bytes of ThumbHash hold. */
export function Picture({ video }: { video: VideoDocument }) {
  const url = ownURL(video.thumbnail);
  const [loaded, setLoaded] = useState("");
  const blur = useMemo(() => decode(video.placeholder), [video.placeholder]);
  const size = video.metadata?.video;
  const tall = size && size.height > size.width ? "tall" : "";
  return (
    <>
      {!blur && !url && <Film size={34} strokeWidth={1.3} aria-hidden />}
      {blur && <img src={blur} alt="" />}
      {url && (
        <img
          className={`picture ${tall} ${loaded === url ? "loaded" : ""}`}
          data-testid="thumbnail"
          src={url}
          alt=""
          loading="lazy"
          decoding="async"
          onLoad={() => setLoaded(url)}
        />
      )}
    </>
  );
}

function decode(hash: string | null): string | undefined {
  if (!hash) return undefined;
  try {
    return thumbHashToDataURL(Uint8Array.from(atob(hash), (c) => c.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
