import { mint } from "./token.mjs";

/** Whose library the data folder was filled with: the default of `go test ./server -run TestFillLibrary`. */
export const organization = process.env.REELROOM_ORGANIZATION ?? "acme";

/** A token of the organization, for a person or a worker. */
export const tokenOf = (secret, role, seconds = 3600) => mint(secret, { userId: `speed-${role}`, organizationId: organization, role }, seconds);

/** Asks the server for JSON. */
export async function ask(url, token, path, init = {}) {
  const answer = await fetch(url + path, { ...init, headers: { Authorization: `Bearer ${token}`, ...init.headers } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** The ids of the videos that are under way, as an outside worker would know its own. */
export async function underWay(url, token) {
  const ids = [];
  for (let after = ""; after !== null; ) {
    const page = await ask(url, token, `/api/videos?status=processing&limit=100&after=${after}`);
    ids.push(...page.data.map((v) => v.id));
    after = page.nextCursor || null;
  }
  return ids;
}

/**
 * Tells progress of these videos in turn, `perSecond` events in all, in requests
 * of a tenth of a second's each, until stop() is called, which returns how many
 * were told and in how many seconds.
 */
export function feed(url, token, ids, perSecond) {
  let told = 0;
  let stopping = false;
  let failed;
  const started = performance.now();
  const ended = (async () => {
    for (let tick = 1; ids.length && !stopping; tick++) {
      const due = Math.floor((perSecond * tick) / 10);
      const events = [];
      while (told < due) {
        const round = Math.floor(told / ids.length);
        const done = Math.min(99, 70 + round * 0.3);
        events.push({
          event: "video:progress", videoId: ids[told % ids.length],
          data: { stage: "sensitivity", progress: Math.floor(done), stageProgress: (done - 70) / 30, message: `Looking at frame ${told}`, etaSeconds: 120 - round },
        });
        told++;
      }
      await ask(url, token, "/api/events", { method: "POST", headers: { "Content-Type": "application/x-ndjson" }, body: events.map((e) => JSON.stringify(e)).join("\n") });
      await new Promise((resolve) => setTimeout(resolve, started + tick * 100 - performance.now()));
    }
  })().catch((problem) => (failed = problem));
  return {
    async stop() {
      stopping = true;
      await ended;
      if (failed) throw failed;
      return { told, seconds: (performance.now() - started) / 1000 };
    },
  };
}

/** Runs in the page before anything else: notes long tasks, frames, inputs, and how often the document changes. */
export function instrument() {
  const seen = (window.__speed = { longTasks: [], frames: [], inputs: [], changes: 0, paints: [] });
  const watch = (type, take, more = {}) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...more });
  watch("longtask", (e) => seen.longTasks.push(e.duration));
  watch("event", (e) => e.interactionId && seen.inputs.push(e.duration), { durationThreshold: 16 });
  let last;
  const frame = (now) => {
    if (last !== undefined) seen.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  new MutationObserver(() => seen.changes++).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
}

/** Opens the page as a member, and counts what it asks of the API. */
export async function openLibrary(browser, url, token) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  await context.addInitScript((word) => sessionStorage.setItem("reelroom.token", word), token);
  await context.addInitScript(instrument);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const asked = [];
  const complaints = [];
  page.on("request", (r) => new URL(r.url()).pathname.startsWith("/api/") && asked.push(`${r.method()} ${new URL(r.url()).pathname}${new URL(r.url()).search}`));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  const cdp = await context.newCDPSession(page);
  await cdp.send("Performance.enable");
  return { context, page, cdp, asked, complaints };
}

/** What the browser counts: seconds of script, of layout and style, of the main thread and of its processor alone, the heap in MB, and DOM nodes that exist. */
export async function counters({ cdp }) {
  const { metrics } = await cdp.send("Performance.getMetrics");
  const of = Object.fromEntries(metrics.map((m) => [m.name, m.value]));
  return {
    script: of.ScriptDuration, layout: of.LayoutDuration + of.RecalcStyleDuration, task: of.TaskDuration, cpu: of.ThreadTime,
    heap: of.JSHeapUsedSize / 2 ** 20, nodes: of.Nodes,
  };
}

/** Collects garbage, so that what is counted next is held. */
export const collect = ({ cdp }) => cdp.send("HeapProfiler.collectGarbage");

/** Does something and returns what it cost the page. */
export async function phase(library, act) {
  const { page, asked } = library;
  await page.evaluate(() => Object.assign(window.__speed, { longTasks: [], frames: [], inputs: [], changes: 0 }));
  const [before, requests, started] = [await counters(library), asked.length, performance.now()];
  await act();
  const seconds = (performance.now() - started) / 1000;
  const [after, seen] = [await counters(library), await page.evaluate(() => window.__speed)];
  const lists = asked.slice(requests).filter((a) => /^GET \/api\/videos(\?|$)/.test(a)).length;
  const frames = seen.frames.toSorted((a, b) => a - b);
  const at = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
  const inputs = seen.inputs.toSorted((a, b) => a - b);
  return {
    seconds, script: after.script - before.script, layout: after.layout - before.layout, task: after.task - before.task, cpu: after.cpu - before.cpu,
    longTasks: seen.longTasks.length, longest: Math.max(0, ...seen.longTasks), blocked: seen.longTasks.reduce((sum, d) => sum + d - 50, 0),
    frames: frames.length, frameP95: at(frames, 0.95), slowFrames: frames.filter((d) => d > 50).length,
    inputs: inputs.length, inputP50: at(inputs, 0.5), inputMax: inputs.at(-1) ?? 0,
    changes: seen.changes, requests: asked.length - requests, lists,
    nodes: await page.evaluate(() => document.querySelectorAll("*").length), heap: after.heap,
  };
}

/** The cards in sight or near it. */
export const cards = (page) => page.locator("[data-testid=card]");

/** Scrolls down, so many times the height of four fifths of a screen, for a minute at most. */
export async function scrollDown(page, steps) {
  const end = performance.now() + 60_000;
  await page.mouse.move(640, 500);
  for (let i = 0; i < steps && performance.now() < end; i++) {
    await page.mouse.wheel(0, 720);
    await page.waitForTimeout(50);
  }
}
