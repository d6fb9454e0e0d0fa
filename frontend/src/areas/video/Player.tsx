import "@vidstack/react/player/styles/base.css";
import { Loader } from "@mantine/core";
import { isVideoProvider, MediaPlayer, MediaProvider, Poster, useMediaState, type MediaPlayerInstance } from "@vidstack/react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef } from "react";
import { useTranslation } from "react-i18next";
import { ownURL } from "../../lib/api";
import type { Clock } from "./clock";
import { Controls } from "./Controls";
import type { Source } from "./source";
import { fetchStoryboard } from "./storyboard";

interface Props {
  title: string;
  source: Source;
  /** Of the picture, before the player knows it. */
  ratio: number | undefined;
  poster: string | null;
  storyboard: string | null;
  clock: Clock;
  /** The source cannot be played; true when there is another one now. */
  onFailed: () => Promise<boolean>;
  /** The browser plays the sound and cannot show the picture. */
  onNoPicture: () => void;
}

/** The player with its controls. When its source is replaced, it goes on where it was. */
export default function Player({ title, source, ratio, poster, storyboard, clock, onFailed, onNoPicture }: Props) {
  const { t } = useTranslation("video");
  const player = useRef<MediaPlayerInstance>(null);
  const screen = useRef<HTMLDivElement>(null);
  /** Where to go on after a change of the source. */
  const resume = useRef<{ time: number; playing: boolean } | null>(null);
  const board = ownURL(storyboard);
  const { data: tiles } = useQuery({
    queryKey: ["storyboard", board],
    queryFn: ({ signal }) => fetchStoryboard(board!, signal),
    enabled: Boolean(board),
    staleTime: Infinity,
  });

  const lost = useEffectEvent(() => {
    const at = player.current;
    const playing = Boolean(at && !at.paused);
    resume.current ??= { time: clock.read().time, playing };
    void onFailed().then((more) => {
      if (!more) resume.current = null;
    });
  });
  // The browser says it to the video when it was playing, to its source before that; neither rises.
  useEffect(() => {
    const at = screen.current;
    const heard = ({ target }: Event) => {
      if (target instanceof HTMLVideoElement || target instanceof HTMLSourceElement) lost();
    };
    at?.addEventListener("error", heard, true);
    return () => at?.removeEventListener("error", heard, true);
  }, []);

  useEffect(() => {
    const at = player.current;
    if (!at) return;
    const stop = at.subscribe(({ currentTime, duration }) => {
      // A source that was just put in begins at 0: not where the viewer is.
      if (!resume.current) clock.set(currentTime, duration);
    });
    const detach = clock.attach((seconds) => {
      if (resume.current) resume.current.time = seconds;
      // Asked for, not set: while it is on its way elsewhere, the place that it still tells may be the wanted one.
      at.remoteControl.seek(seconds);
    });
    return () => {
      stop();
      detach();
    };
  }, [clock]);

  return (
    <MediaPlayer
      ref={player}
      className="player"
      data-testid="player"
      title={title}
      aria-label={t("player.label", { title })}
      src={source}
      viewType="video"
      streamType="on-demand"
      load="eager"
      preload="metadata"
      playsInline
      keyTarget="player"
      onLoadedMetadata={() => {
        // The sound alone, of a picture that the browser cannot show, is no way to watch a video.
        const at = player.current?.provider;
        if (isVideoProvider(at) && at.video.videoWidth === 0) onNoPicture();
      }}
      onCanPlay={() => {
        const [at, back] = [player.current, resume.current];
        resume.current = null;
        if (!at || !back) return;
        at.currentTime = back.time;
        if (back.playing) void at.play().catch(() => {});
      }}
    >
      <div className="playerScreen" ref={screen} style={{ aspectRatio: ratio && Math.max(ratio, 4 / 3) }}>
        <MediaProvider>
          {poster && <Poster className="playerPoster" src={ownURL(poster)} alt="" />}
        </MediaProvider>
        <Busy />
      </div>
      <Controls tiles={tiles ?? []} />
    </MediaPlayer>
  );
}

function Busy() {
  const { t } = useTranslation("video");
  const waiting = useMediaState("waiting");
  return waiting ? <span className="playerBusy"><Loader color="white" role="status" aria-label={t("player.loading")} /></span> : null;
}
