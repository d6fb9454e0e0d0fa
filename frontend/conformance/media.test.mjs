// A <video> element of a real browser and the files of a running server:
//   REELROOM_URL=http://localhost:5000 REELROOM_SECRET=… REELROOM_LARGE=video.mp4 node --test
// REELROOM_LARGE has some 20 seconds and 10 MB or more, and its index at the end, so that no player fetches all of it.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { executablePath, farAway, gather, launch } from "./chromium.mjs";
import { need } from "./need.mjs";
import { mint } from "./token.mjs";

const url = process.env.REELROOM_URL;
const secret = process.env.REELROOM_SECRET;
const large = process.env.REELROOM_LARGE;
const skip = need({
  REELROOM_URL: url,
  REELROOM_SECRET: secret,
  REELROOM_LARGE: large && existsSync(large),
  chromium: existsSync(executablePath),
});

let browser;
before(async () => {
  if (skip) return;
  browser = await launch("--mute-audio", "--autoplay-policy=no-user-gesture-required", farAway);
});
after(() => browser?.close());

const token = () => mint(secret, { userId: "player", organizationId: "media", role: "editor" });

async function upload() {
  const form = new FormData();
  form.append("file", new Blob([readFileSync(large)], { type: "video/mp4" }), "large.mp4");
  const response = await fetch(`${url}/api/videos`, { method: "POST", headers: { authorization: `Bearer ${token()}` }, body: form });
  assert.equal(response.status, 202, await response.clone().text());
  return response.json();
}

// The page of an origin that the server has never heard of shows a file; one that it allows may also read it.
for (const [origin, attribute] of [["http://elsewhere.localhost:9", ""], ["http://localhost:5173", "crossorigin"]]) {
  test(`a <video ${attribute}> of ${origin} plays, and jumps to the middle by a range`, { skip, timeout: 180_000 }, async (t) => {
    const { id, media, size } = await upload();
    t.after(() => fetch(`${url}/api/videos/${id}`, { method: "DELETE", headers: { authorization: `Bearer ${token()}` } }));
    const page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(60_000);
    const complaints = [];
    gather(page, complaints);
    await page.route(`${origin}/`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><video muted preload=metadata width=320></video>" }));
    const answers = [];
    page.on("response", (r) => r.url() === media && answers.push({ status: r.status(), range: r.headers()["content-range"] ?? "" }));
    await page.goto(`${origin}/`);
    const seen = await page.evaluate(async ([src, cors]) => {
      const video = document.querySelector("video");
      const once = (name) =>
        new Promise((resolve, reject) => {
          video.addEventListener(name, resolve, { once: true });
          video.addEventListener("error", () => reject(new Error(`${name}: ${video.error?.message}`)), { once: true });
        });
      if (cors) video.crossOrigin = "anonymous";
      video.src = src;
      await once("loadedmetadata");
      const middle = video.duration / 2;
      let done = once("seeked");
      video.currentTime = middle;
      await done;
      const landed = video.currentTime;
      done = once("timeupdate");
      await video.play();
      await done;
      while (video.currentTime < middle + 0.3) await new Promise((resolve) => setTimeout(resolve, 50));
      video.pause();
      // Pixels may be read only of what came with CORS.
      const canvas = document.createElement("canvas");
      canvas.getContext("2d").drawImage(video, 0, 0, 16, 16);
      let pixels;
      try {
        pixels = canvas.getContext("2d").getImageData(0, 0, 16, 16).data.some((v) => v > 0 && v < 255);
      } catch {
        pixels = "forbidden";
      }
      return { duration: video.duration, middle, landed, width: video.videoWidth, pixels };
    }, [media, attribute]);
    t.diagnostic(JSON.stringify({ ...seen, answers }));
    assert.ok(seen.width > 0 && Math.abs(seen.landed - seen.middle) < 0.5, JSON.stringify(seen));
    assert.equal(seen.pixels, attribute ? true : "forbidden");
    assert.ok(answers.length >= 2 && answers.every((a) => a.status === 206), JSON.stringify(answers));
    const begins = answers.map((a) => Number(/^bytes (\d+)-/.exec(a.range)?.[1]));
    assert.ok(begins.some((at) => at > size / 4 && at < (size * 3) / 4), `no range of the middle of ${size}: ${begins}`);
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
}
