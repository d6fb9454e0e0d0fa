// Measures the page with a large library and many events, in Chromium:
//   go test ./server -run TestFillLibrary -args -fill DATA -fill.pictures WEBPS
//   WORKER=off DATA_DIR=DATA go run ./server
//   REELROOM_URL=http://localhost:5000 REELROOM_SECRET="$(cat DATA/jwt-secret)" node speed.mjs [EVENTS_PER_SECOND]
// It prints figures and judges none: they are the machine's as much as the page's. REELROOM_PROFILES=FOLDER keeps a CPU
// profile of each part.
import { writeFileSync } from "node:fs";
import { launch } from "./chromium.mjs";
import { ask, collect, counters, cards, feed, openLibrary, phase, scrollDown, tokenOf, underWay } from "./load.mjs";

const { REELROOM_URL: url, REELROOM_SECRET: secret, REELROOM_PROFILES: profiles } = process.env;
if (!url || !secret) throw new Error("REELROOM_URL and REELROOM_SECRET are needed");
const perSecond = Number(process.argv[2] ?? 100);
const service = tokenOf(secret, "service");

const ids = await underWay(url, service);
const counts = await ask(url, service, "/api/videos/counts");
console.log(`${counts.total} videos, ${ids.length} under way, ${perSecond} events a second\n`);

/** Does something, prints what it cost, and keeps its profile. */
async function part(name, act) {
  if (profiles) await cdp.send("Profiler.start");
  const p = await phase(library, act);
  if (profiles) writeFileSync(`${profiles}/${name.replace(/\W+/g, "-")}.cpuprofile`, JSON.stringify((await cdp.send("Profiler.stop")).profile));
  const ms = (x) => `${Math.round(x * 1000)} ms`;
  console.log(
    `${name.padEnd(26)} ${p.seconds.toFixed(1)} s: script ${ms(p.script)}, layout ${ms(p.layout)}, main thread ${Math.round((100 * p.task) / p.seconds)} % busy, ${ms(p.cpu)} of processor; ` +
      `long tasks ${p.longTasks} (longest ${Math.round(p.longest)} ms, blocked ${Math.round(p.blocked)} ms); ` +
      `frames ${(p.frames / p.seconds).toFixed(0)}/s, p95 ${Math.round(p.frameP95)} ms, over 50 ms ${p.slowFrames}; ` +
      (p.inputs ? `input p50 ${p.inputP50} ms, worst ${p.inputMax} ms; ` : "") +
      `changes ${(p.changes / p.seconds).toFixed(0)}/s; requests ${p.requests}, lists ${p.lists}; nodes ${p.nodes}, heap ${p.heap.toFixed(1)} MB`,
  );
}

const browser = await launch();
const library = await openLibrary(browser, url, tokenOf(secret, "editor"));
const { page, cdp } = library;
const rest = (ms) => page.waitForTimeout(ms);
if (profiles) await cdp.send("Profiler.enable");
try {
  const steady = feed(url, service, ids, perSecond);
  await page.goto(url);
  await cards(page).first().waitFor();
  await rest(3000);
  const start = await page.evaluate(() => ({
    paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
    transferred: performance.getEntriesByType("resource").filter((r) => r.name.endsWith(".js")).reduce((sum, r) => sum + r.encodedBodySize, 0),
    longTasks: window.__speed.longTasks,
  }));
  const first = await counters(library);
  console.log(
    `start: first contentful paint ${Math.round(start.paint)} ms, script ${Math.round(first.script * 1000)} ms, layout ${Math.round(first.layout * 1000)} ms, ` +
      `long tasks ${start.longTasks.length} (${start.longTasks.map(Math.round).join(", ")} ms), ${Math.round(start.transferred / 1024)} KB of script`,
  );

  await part("events, the newest", () => rest(10_000));

  const search = page.getByRole("searchbox").first();
  if (await search.isVisible()) {
    await part("typing", async () => {
      await search.click();
      await page.keyboard.type("harbour drone", { delay: 120 });
      await rest(1000);
    });
    await part("erasing", async () => {
      for (let i = 0; i < 13; i++) await search.press("Backspace", { delay: 60 });
      await rest(1500);
    });
  }

  await part("scrolling", () => scrollDown(page, 300));
  await rest(1000);
  await part("events, scrolled down", () => rest(10_000));
  await part("back to the top", async () => {
    await page.keyboard.press("Control+Home");
    await page.evaluate(() => window.scrollTo(0, 0));
    await rest(2000);
  });
  const told = await steady.stop();
  await collect(library);
  const held = await counters(library);
  console.log(`\ntold ${told.told} events in ${told.seconds.toFixed(1)} s; held after garbage collection: heap ${held.heap.toFixed(1)} MB, ${held.nodes} nodes`);
  await part("quiet", () => rest(3000));
  if (library.complaints.length) console.log("\nthe console says:", library.complaints.slice(0, 5));
} finally {
  await browser.close();
}
