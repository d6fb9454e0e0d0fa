import { FullscreenButton, MuteButton, PIPButton, PlayButton, SeekButton, Time, TimeSlider, useMediaRemote, useMediaState, VolumeSlider } from "@vidstack/react";
import { Maximize, Minimize, Pause, PictureInPicture2, Play, RotateCcw, RotateCw, Volume2, VolumeX } from "lucide-react";
import type { KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import type { Tile } from "./storyboard";

/** How far the arrows and their buttons go, in seconds. */
const leap = 10;

/** Scrubber and buttons below the picture; in full screen over it. */
export function Controls({ tiles }: { tiles: Tile[] }) {
  const { t } = useTranslation("video");
  const remote = useMediaRemote();
  const duration = useMediaState("duration");
  const paused = useMediaState("paused");
  const ended = useMediaState("ended");
  const muted = useMediaState("muted");
  const volume = useMediaState("volume");
  const full = useMediaState("fullscreen");
  const mayFull = useMediaState("canFullscreen");
  const mayPIP = useMediaState("canPictureInPicture");
  const play = ended ? t("player.replay") : paused ? t("player.play") : t("player.pause");
  const silent = muted || volume === 0;
  /** The kit's slider knows the arrows alone. */
  const toEnd = (event: KeyboardEvent) => {
    if (event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    remote.seek(event.key === "Home" ? 0 : duration, event.nativeEvent);
  };
  return (
    <div className="playerBar">
      <TimeSlider.Root className="scrub" aria-label={t("player.scrub")} keyStep={5} onKeyDown={toEnd}>
        <TimeSlider.Track className="scrubTrack">
          <TimeSlider.Progress className="scrubLoaded" />
          <TimeSlider.TrackFill className="scrubFill" />
        </TimeSlider.Track>
        <TimeSlider.Thumb className="scrubThumb" />
        <TimeSlider.Preview className="scrubPreview" noClamp={false}>
          {tiles.length > 0 && (
            <TimeSlider.Thumbnail.Root src={tiles} className="scrubTile" data-testid="tile">
              <TimeSlider.Thumbnail.Img alt="" />
            </TimeSlider.Thumbnail.Root>
          )}
          <TimeSlider.Value className="scrubTime" />
        </TimeSlider.Preview>
      </TimeSlider.Root>
      <div className="playerButtons">
        <PlayButton aria-label={play} title={play}>{paused ? <Play size={20} aria-hidden /> : <Pause size={20} aria-hidden />}</PlayButton>
        <SeekButton seconds={-leap} aria-label={t("player.back", { count: leap })} title={t("player.back", { count: leap })}><RotateCcw size={18} aria-hidden /></SeekButton>
        <SeekButton seconds={leap} aria-label={t("player.on", { count: leap })} title={t("player.on", { count: leap })}><RotateCw size={18} aria-hidden /></SeekButton>
        <MuteButton aria-label={silent ? t("player.unmute") : t("player.mute")} title={silent ? t("player.unmute") : t("player.mute")}>
          {silent ? <VolumeX size={18} aria-hidden /> : <Volume2 size={18} aria-hidden />}
        </MuteButton>
        <VolumeSlider.Root className="scrub volume" aria-label={t("player.volume")}>
          <VolumeSlider.Track className="scrubTrack"><VolumeSlider.TrackFill className="scrubFill" /></VolumeSlider.Track>
          <VolumeSlider.Thumb className="scrubThumb" />
        </VolumeSlider.Root>
        <span className="playerTime number"><Time type="current" /> / <Time type="duration" /></span>
        <span className="spring" />
        {mayPIP && <PIPButton aria-label={t("player.apart")} title={t("player.apart")}><PictureInPicture2 size={18} aria-hidden /></PIPButton>}
        {mayFull && (
          <FullscreenButton aria-label={full ? t("player.whole") : t("player.full")} title={full ? t("player.whole") : t("player.full")}>
            {full ? <Minimize size={18} aria-hidden /> : <Maximize size={18} aria-hidden />}
          </FullscreenButton>
        )}
      </div>
    </div>
  );
}
