import { ownURL } from "../../lib/api";

/** One small picture: the part of a sheet that is shown from `startTime` to `endTime`, in seconds. */
export interface Tile {
  url: string;
  startTime: number;
  endTime: number;
  width: number;
  height: number;
  coords: { x: number; y: number };
}

const seconds = (time: string) => time.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

/** Reads a storyboard in WebVTT: cues whose text is a picture's address with `#xywh=`. What is no such cue is left out. */
export function readStoryboard(text: string): Tile[] {
  const tiles: Tile[] = [];
  for (const cue of text.split(/\r?\n\r?\n/)) {
    const lines = cue.trim().split(/\r?\n/);
    const at = lines.findIndex((line) => line.includes("-->"));
    const times = lines[at]?.match(/^([\d:.]+)\s+-->\s+([\d:.]+)/);
    const part = lines[at + 1]?.match(/^(.*)#xywh=(\d+),(\d+),(\d+),(\d+)$/);
    const url = ownURL(part?.[1]); // the page's own host, whatever the file names
    if (!times || !part || !url) continue;
    const [x, y, width, height] = part.slice(2).map(Number) as [number, number, number, number];
    tiles.push({ url: new URL(url, location.origin).href, startTime: seconds(times[1]!), endTime: seconds(times[2]!), width, height, coords: { x, y } });
  }
  return tiles;
}

export async function fetchStoryboard(url: string, signal: AbortSignal): Promise<Tile[]> {
  const response = await fetch(url, { signal });
  return response.ok ? readStoryboard(await response.text()) : [];
}
