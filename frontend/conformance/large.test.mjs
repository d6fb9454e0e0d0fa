// The page with a large library, against a server whose folder was filled and that works on nothing:
//   go test ./server -run TestFillLibrary -args -fill DATA
//   WORKER=off DATA_DIR=DATA go run ./server
//   REELROOM_LARGE_URL=http://localhost:5000 REELROOM_LARGE_SECRET="$(cat DATA/jwt-secret)" node --test large.test.mjs
// How fast that is, speed.mjs measures; here is what must hold on any machine.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { executablePath, launch } from "./chromium.mjs";
import { ask, cards, feed, openLibrary, phase, scrollDown, tokenOf } from "./load.mjs";
import { need } from "./need.mjs";

const { REELROOM_LARGE_URL: url, REELROOM_LARGE_SECRET: secret } = process.env;
const skip = need({ REELROOM_LARGE_URL: url, REELROOM_LARGE_SECRET: secret, chromium: existsSync(executablePath) });
const timeout = 180_000;
/** Elements of the whole page, however long the list is: some twenty for each card near the window, and what stands around. */
const mostNodes = 2500;

let browser, library, newest;
before(async () => {
  if (skip) return;
  browser = await launch();
  library = await openLibrary(browser, url, tokenOf(secret, "editor"));
  await library.page.goto(url);
  await cards(library.page).first().waitFor();
  newest = (await ask(url, tokenOf(secret, "service"), "/api/videos?limit=6")).data;
  assert.ok((await ask(url, tokenOf(secret, "service"), "/api/videos/counts")).total >= 5000, "the library is not large");
  assert.ok(newest.every((v) => v.status === "processing"), "the newest videos are under way");
});
after(() => browser?.close());

test("many events are few changes of the page, and no list is asked for", { skip, timeout }, async (t) => {
  const { page } = library;
  const ids = newest.map((v) => v.id);
  for (const id of ids) await page.locator(`[data-video="${id}"]`).waitFor();
  let told;
  const cost = await phase(library, async () => {
    const steady = feed(url, tokenOf(secret, "service"), ids, 500);
    await page.waitForTimeout(4000);
    told = await steady.stop();
    const last = new Map((await ask(url, tokenOf(secret, "service"), "/api/videos?limit=6")).data.map((v) => [v.id, v.progress]));
    for (const id of ids) {
      const bar = page.locator(`[data-video="${id}"] [role=progressbar]`);
      await page.waitForFunction(([element, wanted]) => Number(element.getAttribute("aria-valuenow")) === wanted, [await bar.elementHandle(), last.get(id)]);
    }
  });
  t.diagnostic(`${told.told} events in ${told.seconds.toFixed(1)} s: ${cost.changes} changes, ${cost.lists} lists, ${cost.requests} requests, ${cost.nodes} nodes`);
  assert.ok(told.told >= 500, `only ${told.told} events were told`);
  assert.ok(cost.changes > 0 && cost.changes <= 70 * cost.seconds, `${cost.changes} changes in ${cost.seconds} s`);
  assert.equal(cost.lists, 0, "an event made the page fetch its list again");
  assert.ok(cost.nodes < mostNodes, `${cost.nodes} nodes`);
});

test("only what is near the window is drawn, however far one scrolls", { skip, timeout }, async (t) => {
  const { page } = library;
  const cost = await phase(library, () => scrollDown(page, 60));
  const count = Number(await page.getByTestId("videos").getAttribute("data-count"));
  const drawn = await cards(page).count();
  t.diagnostic(`${count} videos are there, ${drawn} cards are drawn, of ${cost.nodes} nodes; ${cost.lists} pages were fetched`);
  assert.ok(count >= 300, `only ${count} videos are there`);
  assert.ok(drawn > 0 && drawn <= 100, `${drawn} cards`);
  assert.ok(cost.nodes < mostNodes, `${cost.nodes} nodes`);
  await page.evaluate(() => window.scrollTo(0, 0));
});

test("a search finds what the page has never seen, and asks once for what was typed at once", { skip, timeout }, async () => {
  const { page } = library;
  const search = page.getByRole("searchbox").first();
  const wanted = "Harbour interview 0";
  const cost = await phase(library, async () => {
    await search.fill(wanted.toUpperCase());
    await page.locator(`[data-testid=card][aria-label=${JSON.stringify(wanted)}]`).waitFor();
  });
  assert.equal(await cards(page).count(), 1);
  assert.equal(cost.lists, 1);
  assert.deepEqual(library.complaints, [], "the console is clean");
});
