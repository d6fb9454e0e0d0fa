// The page in a real browser against a running server:
//   REELROOM_URL=http://localhost:5000 REELROOM_DATA=folder REELROOM_SAMPLE=video.mp4 node --test
// REELROOM_SHOTS=folder keeps pictures. Without a server it says why it skips; with CI=true that is a failure.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { after, before, test } from "node:test";
import { way } from "./cut.mjs";
import { executablePath, gather, launch } from "./chromium.mjs";
import { need } from "./need.mjs";

const url = process.env.REELROOM_URL;
const data = process.env.REELROOM_DATA;
const sample = process.env.REELROOM_SAMPLE;
const shots = process.env.REELROOM_SHOTS;
const skip = need({
  REELROOM_URL: url,
  REELROOM_DATA: data && existsSync(data),
  REELROOM_SAMPLE: sample && existsSync(sample),
  chromium: existsSync(executablePath),
});
const patience = 120_000;

let browser;
before(async () => {
  if (skip) return;
  browser = await launch();
});
after(() => browser?.close());

/** A browser of its own, signed in as the local admin, or with a token; complaints gather what its console says. */
async function open(complaints, address = url, token = "") {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  gather(page, complaints);
  await page.goto(token ? address : readFileSync(`${data}/local-link`, "utf8").trim());
  if (token) {
    await page.evaluate((word) => sessionStorage.setItem("reelroom.token", word), token);
    await page.reload();
  }
  await page.getByTestId("connection").getByText("Live").waitFor();
  return page;
}

/** Notes what a card goes through, from inside the page, so that nothing between two looks is missed. */
const watchCard = (page, title) =>
  page.evaluate((wanted) => {
    window.seen = { percents: [], stages: new Set(), statuses: [] };
    const look = () => {
      const card = [...document.querySelectorAll("[data-testid=card]")].find((c) => c.getAttribute("aria-label") === wanted);
      if (!card) return;
      const status = card.dataset.status;
      if (window.seen.statuses.at(-1) !== status) window.seen.statuses.push(status);
      const percent = card.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow");
      if (percent && window.seen.percents.at(-1) !== Number(percent)) window.seen.percents.push(Number(percent));
      const stage = card.querySelector("[data-testid=stage]")?.textContent;
      if (stage) window.seen.stages.add(stage);
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  }, title);
const seen = (page) => page.evaluate(() => ({ ...window.seen, stages: [...window.seen.stages] }));

test("an upload is seen live, to its end, in two browsers of one organization", { skip, timeout: patience + 60_000 }, async (t) => {
  const complaints = [];
  const title = basename(sample).replace(/\.[A-Za-z0-9]{1,5}$/, "");
  const [one, two] = [await open(complaints), await open(complaints)];
  const before = await one.locator(`[data-testid=card][aria-label=${JSON.stringify(title)}]`).count();
  assert.equal(before, 0, `the library already has "${title}"; give REELROOM_SAMPLE a fresh name`);
  await Promise.all([watchCard(one, title), watchCard(two, title)]);

  await one.locator("input[type=file]").first().setInputFiles(sample);
  for (const page of [one, two]) {
    const card = page.locator(`[data-testid=card][aria-label=${JSON.stringify(title)}]`);
    await page.locator(`[data-testid=card][data-status=completed][aria-label=${JSON.stringify(title)}]`).waitFor({ timeout: patience });
    const verdict = await card.getByTestId("verdict").textContent();
    assert.ok(["Safe", "Review", "Flagged"].includes(verdict), `verdict ${verdict}`);
    const picture = card.getByTestId("thumbnail");
    await card.scrollIntoViewIfNeeded();
    await page.waitForFunction((img) => img.complete && img.naturalWidth > 0, await picture.elementHandle());
    assert.ok(await picture.isVisible());

    const story = await seen(page);
    t.diagnostic(`${story.statuses.join(" → ")}; ${story.percents.join(" ")} %; ${story.stages.join(" | ")}`);
    assert.ok(story.statuses.includes("processing"), `never seen processing: ${story.statuses}`);
    assert.ok(story.percents.length >= 3, `too few steps: ${story.percents}`);
    assert.deepEqual(story.percents, [...story.percents].sort((a, b) => a - b), "progress fell back");
  }
  if (shots) await one.screenshot({ path: `${shots}/library.png` });

  await one.getByRole("link", { name: title, exact: true }).click();
  await one.getByTestId("details").getByText("SHA-256").waitFor();
  await one.getByTestId("details").getByText("nudity and sexual content only").waitFor();
  if (shots) {
    await one.waitForTimeout(500);
    await one.screenshot({ path: `${shots}/details.png` });
  }
  await one.goBack();

  // Deleted in one, and undone; then in earnest, and gone in the other.
  const remove = async () => {
    await one.getByRole("button", { name: `Actions for ${title}`, exact: true }).click();
    await one.getByRole("menuitem", { name: "Delete", exact: true }).click();
    await one.locator(`[data-testid=card][aria-label=${JSON.stringify(title)}]`).waitFor({ state: "detached" });
  };
  await remove();
  await one.getByRole("button", { name: "Undo" }).click();
  await one.locator(`[data-testid=card][aria-label=${JSON.stringify(title)}]`).waitFor();
  await remove();
  await two.locator(`[data-testid=card][aria-label=${JSON.stringify(title)}]`).waitFor({ state: "detached" });
  assert.deepEqual(complaints, [], "the console is clean, so the content policy holds");
});

test("a file that is not a video is refused with words and a code", { skip, timeout: 60_000 }, async () => {
  const page = await open([]);
  await page.locator("input[type=file]").first().setInputFiles({ name: "notes.mp4", mimeType: "video/mp4", buffer: Buffer.from("just text") });
  const row = page.getByTestId("upload").filter({ hasText: "notes.mp4" });
  await row.getByTestId("trouble").waitFor();
  assert.match(await row.getByTestId("trouble").textContent(), /\S.*\([a-z_]+\)/);
});

test("after a cut the page is true again, without asking for what it was given", { skip, timeout: 2 * patience + 60_000 }, async (t) => {
  const path = await way(url);
  t.after(path.close);
  const token = await (await open([])).evaluate(() => sessionStorage.getItem("reelroom.token"));
  const page = await open([], path.url, token);
  const call = async (method, id = "", body, type) => {
    const headers = { authorization: `Bearer ${token}`, ...(type && { "content-type": type }) };
    const response = await fetch(`${url}/api/videos${id && `/${id}`}`, { method, headers, body, signal: AbortSignal.timeout(30_000) });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${id}: ${response.status} ${text}`);
    return text && JSON.parse(text);
  };
  const upload = (title) => {
    const form = new FormData();
    form.append("title", title);
    form.append("file", new Blob([readFileSync(sample)], { type: "video/mp4" }), "sample.mp4");
    return call("POST", "", form);
  };
  const card = (title, more = "") => page.locator(`[data-testid=card]${more}[aria-label=${JSON.stringify(title)}]`);
  const done = (title) => card(title, "[data-status=completed]").waitFor({ timeout: patience });
  const name = (word) => `${word} ${randomUUID().slice(0, 8)}`;
  const [old, renamed, gone, fresh] = ["old", "renamed", "gone", "fresh"].map(name);

  // What the page asks for, and what of that is still to be answered.
  let lists = 0;
  const busy = new Set(); // a request from before we listened may end here, and counts for nothing
  const answered = (request) => busy.delete(request);
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/api/videos")) busy.add(request);
    if (pathname === "/api/videos") lists++;
  }).on("requestfinished", answered).on("requestfailed", answered);
  const wait = async (met, why) => {
    for (const end = Date.now() + patience; !(await met()); await new Promise((resolve) => setTimeout(resolve, 200))) {
      assert.ok(Date.now() < end, why);
    }
  };

  const [kept, lost] = [await upload(old), await upload(gone)];
  for (const title of [old, gone]) await done(title);
  await wait(() => busy.size === 0, "the page is never done with asking");
  lists = 0;

  path.cut();
  await page.getByTestId("connection").getByText("Live").waitFor({ state: "detached" });
  await call("DELETE", lost.id);
  await call("PATCH", kept.id, JSON.stringify({ title: renamed }), "application/json");
  const added = await upload(fresh);
  await wait(async () => (await call("GET", added.id)).status === "completed", "the sample was not processed");
  path.mend();

  await page.getByTestId("connection").getByText("Live").waitFor();
  for (const title of [renamed, fresh]) await done(title);
  for (const title of [old, gone]) assert.equal(await card(title).count(), 0, `"${title}" is still there`);
  assert.equal(lists, 0, "the list was fetched again");

  await page.reload();
  await card(renamed).waitFor();
  for (const title of [old, gone]) assert.equal(await card(title).count(), 0, `"${title}" came back`);
  for (const { id } of [kept, added]) await call("DELETE", id);
  for (const title of [renamed, fresh]) await card(title).waitFor({ state: "detached" });
});
