// The library in a real browser against a running server, with organizations of its own:
//   REELROOM_URL=http://localhost:5000 REELROOM_SECRET=… REELROOM_SAMPLE=video.mp4 node --test library.test.mjs
// REELROOM_SHOTS=folder keeps pictures. Without a server it says why it skips; with CI=true that is a failure.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { accessible, violations } from "./axe.mjs";
import { executablePath, gather, launch } from "./chromium.mjs";
import { way } from "./cut.mjs";
import { need } from "./need.mjs";
import { mint } from "./token.mjs";

const url = process.env.REELROOM_URL;
const secret = process.env.REELROOM_SECRET;
const sample = process.env.REELROOM_SAMPLE;
const shots = process.env.REELROOM_SHOTS;
const skip = need({ REELROOM_URL: url, REELROOM_SECRET: secret, REELROOM_SAMPLE: sample && existsSync(sample), chromium: existsSync(executablePath) });
const patience = 90_000;

let browser;
before(async () => {
  if (skip) return;
  browser = await launch();
});
after(() => browser?.close());

/** The first bytes of a video, and no more: it is taken, and soon fails. */
const stub = Buffer.from("000000186674797069736f6d0000020069736f6d6d703431", "hex");

/** An organization of its own, and what others do in it. */
function found() {
  const organizationId = `library-${randomUUID()}`;
  const token = (role = "editor", userId = "amy") => mint(secret, { userId, organizationId, role }, 3600);
  const call = async (method, path, body, type) => {
    const headers = { authorization: `Bearer ${token("editor", "other")}`, ...(type && { "content-type": type }) };
    const response = await fetch(`${url}/api/videos${path}`, { method, headers, body, signal: AbortSignal.timeout(30_000) });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text && JSON.parse(text);
  };
  const upload = (title, { bytes = stub, name = "a.mp4" } = {}) => {
    const form = new FormData();
    form.append("title", title);
    form.append("file", new Blob([bytes], { type: "video/mp4" }), name);
    return call("POST", "", form);
  };
  /** Uploads many, a few at a time, the first one first, and waits until nothing is worked on. */
  const fill = async (titles) => {
    for (let i = 0; i < titles.length; i += 6) await Promise.all(titles.slice(i, i + 6).map((title) => upload(title)));
    await settled();
  };
  const settled = () => until(async () => {
    const { status } = await call("GET", "/counts");
    return status.queued + status.processing === 0;
  }, "the work does not end");
  return { organizationId, token, call, upload, fill, settled };
}

async function until(met, why, wait = patience) {
  for (const end = Date.now() + wait; !(await met()); await new Promise((resolve) => setTimeout(resolve, 100))) {
    assert.ok(Date.now() < end, typeof why === "function" ? await why() : why);
  }
}

/** A browser of its own, signed in with a token; complaints gather what its console says. */
async function open(token, { path = "/", address = url, complaints = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.addInitScript((word) => sessionStorage.getItem("reelroom.token") ?? sessionStorage.setItem("reelroom.token", word), token);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  gather(page, complaints);
  await page.goto(address + path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

const card = (page, title) => page.locator(`[data-testid=card][aria-label=${JSON.stringify(title)}]`);
const link = (page, title) => card(page, title).getByRole("link");
const count = (page) => page.getByTestId("videos").getAttribute("data-count").then(Number);
const titles = (page) => page.locator("[data-testid=videos] > li[data-id]").evaluateAll((items) =>
  items.sort((a, b) => a.dataset.index - b.dataset.index).map((item) => item.querySelector("[data-testid=card]")?.getAttribute("aria-label")));
const focused = (page) => page.evaluate(() => document.activeElement?.closest("[data-testid=card]")?.getAttribute("aria-label") ?? document.activeElement?.tagName);
const places = Array.from({ length: 130 }, (_, i) => `Video ${String(i + 1).padStart(3, "0")}`);

test("the first load is small, and the empty library says what to do", { skip, timeout: patience }, async (t) => {
  const complaints = [];
  const page = await open(found().token(), { complaints });
  await page.getByRole("heading", { name: "No videos yet" }).waitFor();
  const sizes = await page.evaluate(() =>
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
      .filter(({ name }) => /\.(js|css|json)$|\/api\//.test(new URL(name).pathname) || new URL(name).pathname === "/")
      .map(({ name, encodedBodySize }) => ({ name: new URL(name).pathname, bytes: encodedBodySize })));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  t.diagnostic(`first load: ${(total / 1024).toFixed(1)} KB (${sizes.filter(({ bytes }) => bytes > 2000).map(({ name, bytes }) => `${name.split("/").at(-1)} ${(bytes / 1024).toFixed(1)}`).join(", ")})`);
  assert.ok(sizes.some(({ name, bytes }) => name.endsWith(".js") && bytes > 10_000), "the figures are there");
  assert.ok(total <= 200 * 1024, `${total} bytes`);
  await accessible(page, { seen: (look) => shots && page.screenshot({ path: `${shots}/library-empty-${look}.png` }) });

  const viewer = await open(found().token("viewer"), { complaints });
  await viewer.getByText("appear here by themselves").waitFor();
  assert.equal(await viewer.locator("input[type=file]").count(), 0);
  assert.deepEqual(complaints, []);
});

test("a long library: found, narrowed down and ordered by its address", { skip, timeout: 2 * patience }, async (t) => {
  const org = found();
  await org.fill(places);
  await org.upload("Zebra crossing", { name: "needle.mp4" });
  await org.settled();
  const complaints = [];
  const page = await open(org.token(), { complaints });
  await card(page, "Zebra crossing").waitFor();

  // Found by the file's name, while typing; the address keeps it.
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.type), "search");
  await page.keyboard.type("NEEDLE");
  await until(async () => (await count(page)) === 1, "the search does not narrow");
  assert.equal(new URL(page.url()).searchParams.get("q"), "NEEDLE");
  await page.reload();
  await card(page, "Zebra crossing").waitFor();
  assert.equal(await count(page), 1);
  assert.equal(await page.getByRole("searchbox").inputValue(), "NEEDLE");
  await page.keyboard.press("/");
  await page.keyboard.press("Escape");
  await until(async () => (await count(page)) > 1, "the search is not cleared");
  assert.equal(new URL(page.url()).search, "");

  // By status: chips with counts, and back.
  const failed = page.getByRole("group", { name: "Status" }).getByRole("button", { name: /^Failed/ });
  await until(async () => /131/.test(await failed.textContent()), async () => `the count is ${await failed.textContent()}`);
  await page.getByRole("group", { name: "Status" }).getByRole("button", { name: /^Done/ }).click();
  await page.getByRole("heading", { name: "No video matches" }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("status"), "completed");
  assert.deepEqual(await violations(page), []);
  await page.goBack();
  await card(page, "Zebra crossing").waitFor();
  await page.goForward();
  await page.getByRole("button", { name: "Clear search and filters" }).click();
  await card(page, "Zebra crossing").waitFor();
  await failed.click();
  assert.equal(await failed.getAttribute("aria-pressed"), "true");
  await card(page, "Zebra crossing").waitFor();
  await failed.click();

  // By title, downwards and upwards; a shared address shows the same.
  await page.getByRole("combobox", { name: "Order" }).selectOption("title");
  await until(async () => (await titles(page))[0] === "Video 001", "not ordered by title");
  const shared = await open(org.token("viewer"), { path: new URL(page.url()).search, complaints });
  await until(async () => (await titles(shared))[0] === "Video 001", "the shared address shows another order");
  assert.equal(await shared.getByRole("checkbox").count(), 0, "a viewer chooses nothing");
  assert.equal(await shared.getByRole("button", { name: /^Actions for/ }).count(), 0, "a viewer changes nothing");
  assert.deepEqual(await violations(shared), []);

  // To the end, drawing only what is near.
  await until(async () => {
    await page.mouse.wheel(0, 3000);
    return (await card(page, "Zebra crossing").count()) > 0;
  }, "the end is not reached");
  assert.equal(await count(page), 131);
  const drawn = await page.locator("[data-testid=videos] > li[data-id]").count();
  assert.ok(drawn < 60, `${drawn} are drawn`);
  const last = page.locator("[data-testid=videos] > li[data-id]").last();
  assert.equal(await last.getAttribute("aria-posinset"), "131");
  assert.equal(await last.getAttribute("aria-setsize"), "131");
  assert.deepEqual(await violations(page), []);

  // There and back: the same place, by the step back, and after a reload.
  await page.evaluate(() => window.scrollTo({ top: 3333, behavior: "instant" }));
  await card(page, "Video 041").waitFor();
  await link(page, "Video 041").scrollIntoViewIfNeeded();
  await page.waitForTimeout(300);
  const at = async () => Math.round((await card(page, "Video 041").boundingBox({ timeout: 1_000 }).catch(() => null))?.y ?? Infinity);
  const y = await at();
  await link(page, "Video 041").click();
  await page.waitForURL(/\/videos\//);
  assert.ok((await page.evaluate(() => window.scrollY)) < 10, "another page begins at its top");
  await page.goBack();
  const stands = async () => `${await at()}, not ${y}: ${await page.evaluate(() => `scrolled ${scrollY} of ${document.documentElement.scrollHeight}, kept ${sessionStorage.getItem("reelroom.place")}`)}, ${(await titles(page)).join()}`;
  await until(async () => Math.abs((await at()) - y) <= 2, stands, 30_000);
  await page.reload();
  await page.getByTestId("videos").waitFor();
  await until(async () => Math.abs((await at()) - y) <= 2, stands, 30_000);

  // As a list, which is remembered; what one looked at stays in sight.
  await page.getByRole("button", { name: "List", exact: true }).evaluate((button) => button.click());
  await page.waitForFunction(() => document.querySelector(".videos.list"));
  await until(async () => Math.abs(await at()) < 900, stands, 15_000);
  t.diagnostic(`${drawn} of 131 drawn in the grid`);
  assert.deepEqual(complaints, [], "the console is clean, so the content policy holds");
});

test("what is new does not move what one looks at", { skip, timeout: 2 * patience }, async () => {
  const org = found();
  await org.fill(places.slice(0, 60));
  const complaints = [];
  const page = await open(org.token(), { complaints });
  await card(page, "Video 060").waitFor();
  await org.upload("At the top");
  await card(page, "At the top").waitFor();
  await page.evaluate(() => window.scrollTo({ top: 1200, behavior: "instant" }));
  await card(page, "Video 045").waitFor();
  const before = await card(page, "Video 045").boundingBox();
  const newcomers = ["One more", "And another"];
  for (const title of newcomers) await org.upload(title);
  const pill = page.getByTestId("new");
  await pill.getByText("2 new videos").waitFor();
  assert.deepEqual(await card(page, "Video 045").boundingBox(), before, "what one looks at has moved");
  assert.deepEqual(await violations(page), []);
  if (shots) await page.screenshot({ path: `${shots}/library-new.png` });
  await pill.click();
  for (const title of newcomers) await card(page, title).waitFor();
  assert.equal(await pill.count(), 0);
  assert.deepEqual(complaints, []);
});

test("by keys alone: walk, choose, rename, delete, undo", { skip, timeout: 2 * patience }, async () => {
  const org = found();
  await org.fill(places.slice(0, 40));
  const complaints = [];
  const page = await open(org.token(), { complaints, path: "/?sort=-title" });
  const other = await open(org.token("viewer", "bob"), { complaints });
  await card(page, "Video 040").waitFor();
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  const onto = (title) => until(async () => (await focused(page)) === title, async () => `the focus is on ${await focused(page)}, not ${title}`);

  // From the search by Tab through everything to the first video, and on with arrows.
  await press("/");
  for (let i = 0; i < 20 && !/^Video/.test(await focused(page)); i++) await press("Tab");
  await until(async () => (await page.evaluate(() => document.activeElement.closest("li")?.dataset.index)) === "0", "no way to the first video");
  while (!(await page.evaluate(() => document.activeElement.classList.contains("open")))) await press("Tab");
  await onto("Video 040");
  await press("ArrowRight", "ArrowDown");
  await onto("Video 035");
  await press("End");
  await onto("Video 001");
  await press("Home");
  await onto("Video 040");

  // The focus stays, however far the page is scrolled.
  await page.evaluate(() => window.scrollTo({ top: 2500, behavior: "instant" }));
  await page.waitForTimeout(300);
  await onto("Video 040");
  await press("ArrowRight");
  await onto("Video 039");
  assert.ok((await page.evaluate(() => window.scrollY)) < 400, "the page follows the focus");

  // Another title: Escape leaves it, Enter takes it, everywhere.
  await press("F2");
  await page.getByRole("dialog").getByLabel("Title").waitFor();
  assert.deepEqual(await violations(page), []);
  await page.keyboard.type("Nothing of this");
  await press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await onto("Video 039");
  await press("F2");
  await page.getByRole("dialog").getByLabel("Title").waitFor();
  await until(() => page.evaluate(() => document.activeElement.tagName === "INPUT"), "the title has no focus");
  await page.keyboard.type("Video 039 holidays");
  await press("Enter");
  await card(page, "Video 039 holidays").waitFor();
  await card(other, "Video 039 holidays").waitFor();
  await onto("Video 039 holidays");

  // Gone at once, the focus on the next; back by undo.
  await press("Delete");
  await card(page, "Video 039 holidays").waitFor({ state: "detached" });
  await onto("Video 038");
  await page.getByText("“Video 039 holidays” was deleted.").waitFor();
  assert.equal(await card(other, "Video 039 holidays").count(), 1, "it can still be undone");
  await press("Control+z");
  await card(page, "Video 039 holidays").waitFor();

  // Several: the space bar, x, and all between.
  await press(" ", "ArrowRight", "ArrowRight", "Shift+X");
  const bar = page.getByRole("toolbar", { name: "Chosen videos" });
  await bar.getByText("3 chosen").waitFor();
  assert.deepEqual(await violations(page), []);
  if (shots) await page.screenshot({ path: `${shots}/library-chosen.png` });
  await bar.getByRole("button", { name: "Delete" }).click();
  await page.getByText("3 videos were deleted.").waitFor();
  for (const title of ["Video 038", "Video 037", "Video 036"]) assert.equal(await card(page, title).count(), 0);
  assert.deepEqual(await violations(page), []);
  await page.getByRole("button", { name: "Undo" }).click();
  for (const title of ["Video 038", "Video 037", "Video 036"]) await card(page, title).waitFor();
  assert.equal(await bar.count(), 0);

  // What no other attempt changes is not tried again; what was cancelled is, all of it.
  const attempt = (id) => org.call("GET", `/${id}`).then((video) => video.attempt);
  const choose = async (first, last) => {
    await card(page, first).hover();
    await card(page, first).getByRole("checkbox").check();
    await card(page, last).getByRole("checkbox").click({ modifiers: ["Shift"] });
  };
  const damaged = await card(other, "Video 038").evaluate((element) => element.dataset.video);
  await choose("Video 038", "Video 036");
  await bar.getByRole("button", { name: "Try again" }).click();
  await page.getByText("That fits none of the chosen videos.").waitFor();
  assert.equal(await attempt(damaged), 1);
  await bar.getByRole("button", { name: "Choose none" }).click();
  const stopped = [];
  for (const title of ["Zone 1", "Zone 2", "Zone 3"]) {
    const { id } = await org.upload(title, { bytes: readFileSync(sample) });
    await org.call("POST", `/${id}/cancel`);
    stopped.push(id);
  }
  await page.reload();
  await page.locator("[data-testid=card][aria-label='Zone 1'][data-status=cancelled]").waitFor();
  await choose("Zone 3", "Zone 1");
  await bar.getByRole("button", { name: "Try again" }).click();
  for (const id of stopped) await until(async () => (await attempt(id)) === 2, `${id} is not tried again`);
  assert.deepEqual(complaints, []);
});

test("a deletion is carried out in the end, also when the page goes away, and taken back when it is refused", { skip, timeout: 2 * patience }, async () => {
  const org = found();
  await org.fill(["kept", "first", "second", "third"]);
  const page = await open(org.token());
  const other = await open(org.token("viewer", "bob"));
  const remove = async (title) => {
    await page.getByRole("button", { name: `Actions for ${title}`, exact: true }).click();
    await page.getByRole("menuitem", { name: "Delete", exact: true }).click();
    await card(page, title).waitFor({ state: "detached" });
  };
  await card(page, "first").waitFor();
  await remove("first");
  await card(other, "first").waitFor();
  await card(other, "first").waitFor({ state: "detached" });

  // Refused: back in sight, with words.
  await page.route("**/api/videos/*", (route) => route.request().method() === "DELETE"
    ? route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify({ code: "forbidden", detail: "No." }) })
    : route.continue());
  await remove("kept");
  await page.getByRole("alert").getByText("“kept” could not be deleted and is back.").waitFor();
  await card(page, "kept").waitFor();
  await page.unroute("**/api/videos/*");

  // Two at once, and the page is closed before the time is over.
  await remove("second");
  await remove("third");
  assert.equal(await page.getByRole("button", { name: "Undo" }).count(), 2);
  await page.close({ runBeforeUnload: false });
  for (const title of ["second", "third"]) await card(other, title).waitFor({ state: "detached" });
  await card(other, "kept").waitFor();
});

test("names are text, whatever they say, and every state is told", { skip, timeout: 2 * patience }, async (t) => {
  const org = found();
  const hostile = ["<img src=x onerror=\"window.broken=1\">", "invoice \u202Egpj.exe", "{{count}} $t(title) %s", "x".repeat(200), "長い".repeat(90)];
  const kept = []; // the server leaves out what turns the direction of other words
  for (const title of hostile) kept.push((await org.upload(title, { name: `${"n".repeat(240)}.mp4` })).title);
  await org.upload("A real one", { bytes: readFileSync(sample), name: "real.mp4" });
  const path = await way(url);
  t.after(path.close);
  const complaints = [];
  const page = await open(org.token(), { complaints, address: path.url });
  await page.locator("[data-testid=card][data-status=completed]").waitFor({ timeout: patience });
  await card(page, "A real one").getByTestId("verdict").waitFor();
  const shown = await titles(page);
  for (const title of kept) assert.ok(shown.includes(title), `${title.slice(0, 30)} is not shown as it is`);
  assert.equal(await page.evaluate(() => window.broken ?? document.querySelectorAll("img[src=x]").length), 0);
  for (const shape of ["Grid", "List"]) {
    await page.getByRole("button", { name: shape, exact: true }).click();
    await accessible(page, { seen: (look) => shots && page.screenshot({ path: `${shots}/library-${shape.toLowerCase()}-${look}.png` }) });
    // Nothing sticks out of a card, and no two overlap.
    const out = await page.evaluate(() => [...document.querySelectorAll("[data-testid=card]")].flatMap((item) => {
      const outer = item.getBoundingClientRect();
      return [...item.querySelectorAll(".open, .state, .menu, .chip")].filter((part) => {
        const { left, right, top, bottom } = part.getBoundingClientRect();
        return left < outer.left - 1 || right > outer.right + 1 || top < outer.top - 1 || bottom > outer.bottom + 1;
      }).map((part) => `${item.getAttribute("aria-label").slice(0, 20)}: ${part.className}`);
    }));
    assert.deepEqual(out, []);
  }
  await page.setViewportSize({ width: 1280, height: 900 });
  assert.deepEqual(complaints, [], "the console is clean, so the content policy holds");

  // In the other language, numbers and all.
  const german = await open(org.token(), { complaints, locale: "de-DE" });
  await german.getByRole("heading", { name: "Bibliothek" }).waitFor();
  await german.getByText("6 Videos").waitFor();
  await card(german, "A real one").getByText(/MB/).waitFor();
  assert.match(await card(german, "A real one").textContent(), /\d,\d|\d\sMB/);
  assert.deepEqual(complaints, []);

  // The connection is cut: said with its time, over the page, and gone again by itself.
  const before = await card(page, "A real one").boundingBox();
  path.cut();
  await page.getByTestId("lost").getByText("Not connected since").waitFor();
  assert.deepEqual(await card(page, "A real one").boundingBox(), before, "the library has moved");
  assert.deepEqual(await violations(page), []);
  if (shots) await page.screenshot({ path: `${shots}/library-lost.png` });
  path.mend();
  await page.getByTestId("lost").getByText("Not connected since").waitFor({ state: "detached", timeout: patience });
});
