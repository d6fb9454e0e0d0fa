// The page of one video in a real browser against a running server: REELROOM_URL, REELROOM_SECRET, REELROOM_SAMPLE.
// Each test has an organization of its own, whose policy finds something in any picture. REELROOM_SHOTS=folder keeps pictures.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { accessible } from "./axe.mjs";
import { executablePath, gather, launch } from "./chromium.mjs";
import { need } from "./need.mjs";
import { mint } from "./token.mjs";

const { REELROOM_URL: url, REELROOM_SECRET: secret, REELROOM_SAMPLE: sample, REELROOM_SHOTS: shots } = process.env;
const skip = need({ REELROOM_URL: url, REELROOM_SECRET: secret, REELROOM_SAMPLE: sample && existsSync(sample), chromium: existsSync(executablePath) });
const patience = 120_000;

let browser;
before(async () => {
  if (!skip) browser = await launch();
});
after(() => browser?.close());

/** An organization whose policy calls every frame explicit, and what its members ask the server. */
async function organization() {
  const organizationId = `video-${randomUUID().slice(0, 8)}`;
  const token = (userId, role = "admin") => mint(secret, { userId, organizationId, role }, 900);
  const call = async (method, path, body, who = "ada") => {
    const json = body !== undefined && !(body instanceof FormData);
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token(who)}`, ...(json && { "content-type": "application/json" }) },
      body: json ? JSON.stringify(body) : body,
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text && JSON.parse(text);
  };
  await call("PUT", "/api/org/policy", { version: 1, reviewAt: 0, flagAt: 0.9, suggestiveAt: 1, minimumRun: 1 });
  const upload = (title, bytes = readFileSync(sample)) => {
    const form = new FormData();
    form.append("title", title);
    form.append("file", new Blob([bytes], { type: "video/mp4" }), "sample.mp4");
    return call("POST", "/api/videos", form);
  };
  const done = async (id) => {
    for (const end = Date.now() + patience; ; await new Promise((resolve) => setTimeout(resolve, 250))) {
      const video = await call("GET", `/api/videos/${id}`);
      if (video.status === "completed") return video;
      assert.ok(Date.now() < end && video.status !== "failed", `${video.status}: the sample was not processed`);
    }
  };
  return { token, call, upload, done };
}

/** A browser of its own for somebody; complaints gather what its console says. */
async function open(token, path, complaints = []) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.addInitScript((word) => sessionStorage.setItem("reelroom.token", word), token);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  gather(page, complaints);
  await page.goto(url + path);
  await page.getByTestId("connection").getByText("Live").waitFor();
  return page;
}

const at = (page) => page.evaluate(() => document.querySelector("video")?.currentTime ?? -1);
const reaches = (page, low, high) => page.waitForFunction(([a, b]) => {
  const time = document.querySelector("video")?.currentTime ?? -1;
  return time >= a && time <= b;
}, [low, high]);
const playable = (page) => page.waitForFunction(() => (document.querySelector("video")?.readyState ?? 0) >= 2);
const shot = (name) => (shots ? (page) => async (look) => void (await page.screenshot({ path: `${shots}/${name}-${look}.png`, fullPage: true })) : () => undefined);

test("a video is watched while it is worked on, and by pointer and keyboard afterwards", { skip, timeout: 2 * patience }, async (t) => {
  const { token, upload, done } = await organization();
  const complaints = [];
  const { id } = await upload("Watched");
  const page = await open(token("ada"), `/videos/${id}`, complaints);

  // The story comes to its end without a reload.
  await page.locator(".story [data-step=completed]").waitFor({ timeout: patience });
  const steps = await page.locator(".story > li").evaluateAll((rows) => rows.map((row) => row.dataset.stage ?? row.dataset.step));
  assert.deepEqual(steps, ["queued", "metadata", "thumbnail", "sensitivity", "completed"]);
  const { metadata, sensitivity } = await done(id);
  const length = metadata.durationSeconds;

  await playable(page);
  await page.getByTestId("player").focus();
  await page.keyboard.press("k");
  await reaches(page, 0.2, length);
  await page.keyboard.press("k");
  await page.waitForFunction(() => document.querySelector("video").paused);
  assert.ok(Math.abs((await at(page)) - (await page.getByTestId("playhead").evaluate((head) => parseFloat(head.style.left) / 100)) * length) < 1, "the playhead goes along");

  // The strip lies below the scrubber, and the pointer is at the same time in both.
  const strip = await page.locator(".strips").boundingBox();
  const scrubber = page.getByRole("slider", { name: "Place in the video" });
  const scrub = await scrubber.boundingBox();
  assert.ok(Math.abs(strip.x - scrub.x) < 1.5 && Math.abs(strip.width - scrub.width) < 3, `${JSON.stringify(strip)} ${JSON.stringify(scrub)}`);
  await page.mouse.click(strip.x + strip.width / 2, strip.y + 5);
  await reaches(page, length / 2 - 0.5, length / 2 + 0.5);
  await page.mouse.move(scrub.x + scrub.width / 4, scrub.y + scrub.height / 2);
  const tile = page.getByTestId("tile").locator("img");
  await tile.waitFor({ state: "visible" });
  await page.waitForFunction((img) => img.complete && img.naturalWidth > 0, await tile.elementHandle());
  await page.waitForFunction(() => Number(getComputedStyle(document.querySelector(".scrubPreview")).opacity) === 1);
  if (shots) await page.screenshot({ path: `${shots}/video-scrub.png` });

  await scrubber.focus();
  await page.keyboard.press("End");
  await reaches(page, length - 1, length + 1);
  await page.keyboard.press("Home");
  await reaches(page, 0, 0.5);

  // What was found, in words: by keyboard to its moment, and its picture only when asked for.
  assert.ok(sensitivity.segments.length > 0);
  const moment = page.getByTestId("moment").first();
  const picture = moment.locator("img");
  assert.match(await picture.evaluate((img) => getComputedStyle(img).filter), /blur/);
  await moment.getByRole("button", { name: "Show picture" }).focus();
  await page.keyboard.press("Enter");
  await moment.getByRole("button", { name: "Hide picture" }).waitFor();
  assert.equal(await picture.evaluate((img) => getComputedStyle(img).filter), "none");
  await page.waitForFunction((img) => img.complete && img.naturalWidth > 0, await picture.elementHandle());
  await scrubber.focus();
  await page.keyboard.press("End");
  await reaches(page, length - 1, length + 1);
  await page.getByRole("button", { name: /^Play from/ }).first().focus();
  await page.keyboard.press("Enter");
  const from = sensitivity.segments[0].startMs / 1000;
  await reaches(page, from - 0.2, from + 0.5);

  // Renamed with the keyboard; the focus comes back.
  await page.getByRole("button", { name: "Rename" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("Another <b>name</b>");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Another <b>name</b>", level: 1 }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Rename");
  await page.locator("[data-action='video.renamed']").waitFor();

  await accessible(page, { seen: shot("video")(page) });
  assert.deepEqual(complaints, [], "the console is clean, so the content policy holds");
  t.diagnostic(`${length} s, ${sensitivity.segments.length} segments`);
});

test("playing goes on where it was when its address has expired", { skip, timeout: 2 * patience }, async () => {
  const { token, upload, done } = await organization();
  const { id } = await upload("Expires");
  await done(id);
  const page = await open(token("ada"), `/videos/${id}`);
  await playable(page);
  await page.getByTestId("player").focus();
  // The player takes keys from when it has read the file's length.
  for (const end = Date.now() + patience; (await at(page)) < 1; await page.waitForTimeout(250)) {
    assert.ok(Date.now() < end, "no key moves it");
    await page.keyboard.press("ArrowRight");
  }
  const before = await at(page);

  // From now on the old address is refused, and a fresh document has another one.
  let fresh = 0;
  await page.route(/\/api\/videos\/[^/]+\/(playback|media)\?/, (route) => (route.request().url().includes("fresh=1") ? route.continue() : route.fulfill({ status: 403 })));
  await page.route(`**/api/videos/${id}`, async (route) => {
    const response = await route.fetch();
    const video = await response.json();
    fresh++;
    await route.fulfill({ response, json: { ...video, media: `${video.media}&fresh=1`, playback: { ...video.playback, url: `${video.playback.url}&fresh=1` } } });
  });
  await page.evaluate(() => document.querySelector("video").dispatchEvent(new Event("error")));
  await page.waitForFunction(() => document.querySelector("video").currentSrc.includes("fresh=1"));
  await reaches(page, before - 0.5, before + 0.5);
  assert.ok(fresh > 0);
});

test("what nobody can play is said, and can be fetched", { skip, timeout: patience }, async () => {
  const { token, call, upload } = await organization();
  const { id } = await upload("Broken", readFileSync(sample).subarray(0, 60_000));
  const page = await open(token("ada"), `/videos/${id}`);
  await page.locator("[data-testid=details][data-status=failed]").waitFor({ timeout: patience });
  await page.getByTestId("failure").getByText("corrupt").waitFor();
  assert.match(await page.getByRole("link", { name: "Download the file" }).first().getAttribute("href"), /download=1/);
  await accessible(page, { seen: shot("video-failed")(page) });

  // The page does not offer what does not help; an app may still ask for it.
  assert.equal(await page.getByTestId("failure").getByRole("button", { name: "Try again" }).count(), 0);
  await call("POST", `/api/videos/${id}/retry`);
  await page.getByText("Attempt 2").waitFor();
  await page.locator("[data-testid=attempt]").first().locator("[data-step=failed]").waitFor({ timeout: patience });
});

test("a decision is seen by everybody, with who made it, and does not overrun another's", { skip, timeout: 2 * patience }, async () => {
  const { token, call, upload, done } = await organization();
  const { id } = await upload("Reviewed");
  await done(id);
  const complaints = [];
  const [ada, bob, viewer] = [await open(token("ada"), `/videos/${id}`, complaints), await open(token("bob"), `/videos/${id}`, complaints), await open(token("eve", "viewer"), `/videos/${id}`, complaints)];
  const review = (page) => page.getByTestId("review");

  await review(bob).getByRole("textbox", { name: "Note" }).fill("not yet sent");
  await review(ada).getByRole("textbox", { name: "Note" }).fill("A cat, <i>nothing</i> else");
  await review(ada).getByRole("button", { name: "Approve" }).click();
  for (const page of [ada, bob, viewer]) {
    await review(page).getByRole("blockquote").getByText("A cat, <i>nothing</i> else").waitFor();
    await review(page).getByTestId("verdict").getByText("Safe").waitFor();
    await review(page).getByTestId("machine").getByText("Review").waitFor();
  }
  await review(bob).getByText("Approved by ada").waitFor();
  await review(bob).getByTestId("meanwhile").waitFor();
  assert.equal(await review(viewer).getByRole("button").count(), 0, "a viewer decides nothing");
  await bob.locator("[data-action='video.reviewed']").getByText("A cat, <i>nothing</i> else").waitFor();
  assert.deepEqual(complaints, []);

  await review(bob).getByRole("button", { name: "Flag" }).click();
  await review(ada).getByText("Flagged by bob").waitFor();
  await review(ada).getByRole("button", { name: "Take the decision back" }).click();
  await review(bob).getByText("Nobody has decided").waitFor();

  // Deleted by somebody else: the page says so, and editors still see who did what.
  await call("DELETE", `/api/videos/${id}`, undefined, "bob");
  await ada.getByRole("heading", { name: "This video was deleted" }).waitFor();
  await ada.locator("[data-action='video.deleted']").waitFor();
  await viewer.getByRole("heading", { name: "This video was deleted" }).waitFor();
});

test("a policy is tried before it holds, and one admin does not overrun another", { skip, timeout: 2 * patience }, async () => {
  const { token, call, upload, done } = await organization();
  const { id } = await upload("Judged");
  await done(id);
  const complaints = [];
  const [ada, bob] = [await open(token("ada"), "/settings/policy", complaints), await open(token("bob"), "/settings/policy", complaints)];
  const version = (page, n) => page.locator(`[data-testid=version][data-version="${n}"]`).waitFor();
  for (const page of [ada, bob]) await version(page, 2);

  // What would change, before anything does.
  await ada.getByRole("textbox", { name: "Review from" }).fill("99");
  await ada.getByTestId("changes").getByText("1 video would get another verdict.").waitFor();
  assert.equal(await ada.getByRole("link", { name: "Judged" }).getAttribute("href"), `/videos/${id}`);
  assert.equal(await ada.getByRole("textbox", { name: "Flag from" }).inputValue(), "99 %", "flag is never below review");
  assert.equal((await call("GET", "/api/org/policy")).version, 2);
  await accessible(ada, { where: "[data-testid=policy]", seen: shot("policy")(ada) });

  // By keyboard, and saved.
  await bob.getByRole("slider", { name: "Suggestive from" }).focus();
  await bob.keyboard.press("ArrowLeft");
  await ada.getByRole("button", { name: "Save and apply" }).focus();
  await ada.keyboard.press("Enter");
  await version(ada, 3);
  assert.deepEqual(complaints, []);
  await bob.getByRole("button", { name: "Save and apply" }).click();
  await bob.getByTestId("overtaken").getByText("ada has changed the policy").waitFor();
  await bob.getByRole("button", { name: "Keep mine, over theirs" }).click();
  await bob.getByRole("button", { name: "Save and apply" }).click();
  await version(bob, 4);
  assert.equal((await call("GET", "/api/org/policy")).suggestiveAt, 0.99);
});
