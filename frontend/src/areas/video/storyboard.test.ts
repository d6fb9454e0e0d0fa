import { expect, it } from "vitest";
import { readStoryboard } from "./storyboard";

it("reads what the server writes, under the page's own address", () => {
  const text = "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\nhttps://elsewhere.example/api/videos/a/storyboard.jpg?signature=x#xywh=0,0,160,90\n\n"
    + "01:00:02.500 --> 01:00:05.000\nhttps://elsewhere.example/api/videos/a/storyboard.jpg?signature=x#xywh=160,90,160,90\n";
  const url = `${location.origin}/api/videos/a/storyboard.jpg?signature=x`;
  expect(readStoryboard(text)).toEqual([
    { url, startTime: 0, endTime: 2.5, width: 160, height: 90, coords: { x: 0, y: 0 } },
    { url, startTime: 3602.5, endTime: 3605, width: 160, height: 90, coords: { x: 160, y: 90 } },
  ]);
});

it("leaves out what is no picture of the server's", () => {
  for (const cue of ["words", "https://elsewhere.example/x.jpg#xywh=0,0,1,1", "/api/x.jpg", "javascript:alert(1)#xywh=0,0,1,1", ""]) {
    expect(readStoryboard(`WEBVTT\r\n\r\n00:00.000 --> 00:01.000\r\n${cue}\r\n`), cue).toEqual([]);
  }
  expect(readStoryboard("")).toEqual([]);
});
