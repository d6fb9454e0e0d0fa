// The hooks in a browser, against a server that is cut off, killed and started again:
//   REELROOM_SERVER=./server REELROOM_SAMPLE=video.mp4 node --test hooks.test.mjs
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { io } from "socket.io-client";
import { executablePath, farAway, launch } from "./chromium.mjs";
import { way } from "./cut.mjs";
import { bundle, openApp, serve } from "./hooks/serve.mjs";
import { need } from "./need.mjs";
import { mint } from "./token.mjs";

const binary = process.env.REELROOM_SERVER;
const sample = process.env.REELROOM_SAMPLE;
const skip = need({ REELROOM_SERVER: binary && existsSync(binary), REELROOM_SAMPLE: sample && existsSync(sample), chromium: existsSync(executablePath) });
const patience = 90_000;

/** A file that has the looks of a video and is none: its processing fails soon. */
const broken = Buffer.from("000000186674797069736f6d0000020069736f6d6d703431", "hex");

/** What may be compared between two looks at one video. */
const told = ({ id, title, status, progress, rev, attempt }) => ({ id, title, status, progress, rev, attempt });
const working = ({ status }) => status === "queued" || status === "processing";

describe("the hooks", { skip, timeout: 600_000 }, () => {
  let browser;
  let folder;
  let server;
  let road;
  before(async () => {
    if (skip) return;
    browser = await launch(farAway);
    folder = mkdtempSync(join(tmpdir(), "reelroom-hooks-"));
    server = await serve(binary, join(folder, "data"));
    road = await way(server.url);
  });
  after(async () => {
    await browser?.close();
    road?.close();
    await server?.kill();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** An organization of its own, and what its editor does. */
  function editor(name) {
    const token = mint(server.secret, { userId: "editor", organizationId: name, role: "editor" }, 3_000);
    const call = async (path, options = {}) => {
      const headers = { authorization: `Bearer ${token}`, ...options.headers };
      const response = await fetch(server.url + path, { ...options, headers, signal: AbortSignal.timeout(60_000) });
      const text = await response.text();
      assert.ok(response.ok, `${options.method ?? "GET"} ${path}: ${response.status} ${text}`);
      return text ? JSON.parse(text) : undefined;
    };
    const upload = async (title, content = broken) => {
      const form = new FormData();
      form.append("title", title);
      form.append("file", new Blob([content], { type: "video/mp4" }), "file.mp4");
      return (await call("/api/videos", { method: "POST", body: form })).id;
    };
    return {
      token,
      call,
      upload,
      uploadBatch: async (...contents) => {
        const form = new FormData();
        contents.forEach((content, n) => form.append("files", new Blob([content], { type: "video/mp4" }), `batch ${n}.mp4`));
        return (await call("/batch/upload", { method: "POST", body: form })).job_id;
      },
      rename: (id, title) => call(`/api/videos/${id}`, { method: "PATCH", body: JSON.stringify({ title }), headers: { "content-type": "application/json" } }),
      remove: (id) => call(`/api/videos/${id}`, { method: "DELETE" }),
      list: async (query = "") => {
        const all = [];
        for (let after = ""; ; ) {
          const { data, nextCursor } = await call(`/api/videos?limit=100&after=${encodeURIComponent(after)}&${query}`);
          all.push(...data);
          if (!nextCursor) return all;
          after = nextCursor;
        }
      },
    };
  }

  async function until(met, what) {
    for (const end = Date.now() + patience; ; await new Promise((resolve) => setTimeout(resolve, 150))) {
      const wrong = await met();
      if (!wrong) return;
      assert.ok(Date.now() < end, `${what}: ${wrong}`);
    }
  }

  const done = (who) => until(async () => (await who.list()).some(working) && "something still works", "the outcome");
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  const asked = {
    all: "", old: "sort=createdAt", title: "sort=title", failed: "status=failed&sort=-title", working: "status=queued,processing",
    found: "q=KEEP", safe: "verdict=safe,review,flagged&sort=duration",
  };

  for (const version of [18, 19]) {
    test(`tell what the server tells, in React ${version}, after cuts, a kill and a restart`, { timeout: 300_000 }, async (t) => {
      const who = editor(`probe-${version}`);
      const page = await openApp(browser, await bundle("./probe.mjs", road.url, version), who.token);
      t.after(() => page.context().close());
      assert.match(await page.evaluate(() => window.state.version), new RegExp(`^${version}\\.`));
      const state = () => page.evaluate(() => JSON.parse(JSON.stringify(window.state)));
      const agrees = (what) =>
        until(async () => {
          const { views, counts, connection } = await state();
          if (connection !== "connected") return connection;
          for (const [name, query] of Object.entries(asked)) {
            const [shown, truth] = [views[name], (await who.list(query)).map(told)];
            if (shown?.state !== "ready" || !same(shown.videos.map(told), truth)) return `${name}: ${JSON.stringify(shown?.videos?.map(told))} instead of ${JSON.stringify(truth)}`;
            if (!same(shown.ids, truth.map(({ id }) => id))) return `the ids of ${name}`;
          }
          const { total, status } = await who.call("/api/videos/counts");
          return !(counts && counts.total === total && same(counts.status, status)) && `counts: ${JSON.stringify(counts)}`;
        }, what);

      const ids = [];
      for (const title of ["keep one", "Äther", "keep two", "zebra", "gone"]) ids.push(await who.upload(title));
      await agrees("at the beginning");
      await done(who);
      await agrees("when all has ended");

      road.cut();
      await who.rename(ids[1], "keep Äther");
      await who.remove(ids[4]);
      const late = await who.upload("while nobody listened", readFileSync(sample));
      road.mend();
      await agrees("after a cut");

      await page.evaluate((id) => window.state.follow(id, null), late);
      await until(async () => (await state()).job?.progress?.jobId !== late && "the job is not known", "a job");
      await server.kill();
      await until(async () => (await state()).connection === "connected" && "it does not notice", "the kill");
      await server.start();
      await who.remove(ids[3]);
      const last = await who.upload("after the restart");
      await who.rename(last, "keep last");
      const batch = await who.uploadBatch(broken, readFileSync(sample));
      await page.evaluate(([id, of]) => window.state.follow(id, of), [late, batch]);
      await done(who);
      await agrees("after the kill");

      await until(async () => (await state()).batch?.status === "processing" && "the batch has not ended", "the batch");
      const { job, batch: of } = await state();
      assert.deepEqual(of, await who.call(`/batch/${batch}/status`));
      assert.equal(job.progress.status, "completed");
      assert.equal(job.progress.pct, 100);
      const truth = await who.call(`/api/jobs/${late}`);
      for (const name of ["jobId", "title", "status", "progress", "stage", "message", "attempt", "rev"]) assert.deepEqual(job.status[name], truth[name], name);
      assert.deepEqual(job.status.result.metadata, truth.result.metadata);

      // An event that is no video's, once, though the connection was cut.
      const friend = io(server.url, { auth: { token: who.token }, transports: ["websocket"] });
      t.after(() => friend.close());
      assert.ok((await friend.timeout(20_000).emitWithAck("chat:message", { text: "hello" })).ok);
      await until(async () => !(await state()).heard.chat && "not heard", "chat");
      road.cut();
      road.mend();
      assert.ok((await friend.timeout(20_000).emitWithAck("chat:message", { text: "again" })).ok);
      await until(async () => (await state()).heard.chat.length < 2 && "not heard", "chat");
      assert.deepEqual((await state()).heard.chat.map(([text]) => text), ["hello", "again"]);
      assert.deepEqual(page.complaints, []);
    });
  }

  test("of the two example apps the one on the hooks shows the truth, with the same socket", { timeout: 300_000 }, async (t) => {
    const who = editor("examples");
    const pages = {};
    for (const name of ["plain", "hooks"]) {
      pages[name] = await openApp(browser, await bundle(`../../packages/react/examples/${name}/main.tsx`, road.url), who.token);
      t.after(() => pages[name].context().close());
      await pages[name].getByText("Live", { exact: true }).waitFor();
    }
    const rows = (name) => pages[name].locator("[data-video]").evaluateAll((all) => all.map((row) => [row.dataset.video, row.textContent.trim()]));
    const truth = async () => (await who.list()).map((v) => [v.id, `${v.title}: ${v.status} ${v.progress} % ${v.error ?? ""}`.trim()]);
    const wrong = async (name) => {
      const [shown, real] = [new Map(await rows(name)), new Map(await truth())];
      return [...new Set([...shown.keys(), ...real.keys()])].filter((id) => shown.get(id) !== real.get(id)).length;
    };
    const right = (name, when) => until(async () => (await wrong(name)) > 0 && JSON.stringify(await rows(name)), `${name} ${when}`);

    // What both are made for: a video that was there is processed, while they look.
    const first = await who.upload("first", readFileSync(sample));
    await pages.plain.reload();
    await pages.plain.locator(`[data-video="${first}"]`).waitFor();
    for (const name of ["plain", "hooks"]) await pages[name].locator(`[data-video="${first}"]`).getByText("completed 100 %").waitFor({ timeout: patience });
    await right("plain", "with what it was made for");
    await right("hooks", "with what it was made for");

    // Killed in the middle of work, and started again.
    await who.upload("second", readFileSync(sample));
    await server.kill();
    for (const page of Object.values(pages)) await page.getByText("Offline", { exact: true }).waitFor();
    // Both have what the list says before anything happens that only events tell.
    const listed = Object.values(pages).map((page) => page.waitForResponse((r) => new URL(r.url()).pathname === "/api/videos" && r.ok(), { timeout: patience }));
    await server.start();
    await Promise.all(listed);
    for (const page of Object.values(pages)) await page.getByText("Live", { exact: true }).waitFor();
    const third = await who.upload("third");
    await who.rename(first, "renamed");
    await who.rename(third, "third, renamed");
    await who.remove(await who.upload("fourth"));
    await done(who);
    await right("hooks", "after the restart");
    const counts = { plain: await wrong("plain"), hooks: await wrong("hooks") };
    t.diagnostic(`rows that are wrong or missing after the restart, until the page is loaded again: plain ${counts.plain}, hooks ${counts.hooks} of ${(await truth()).length}`);
    assert.ok(counts.plain > 0, "the plain app has become as good: say so in the package's README");
    assert.equal(counts.hooks, 0);
    assert.deepEqual(await rows("hooks"), await truth(), "in order");
    for (const page of Object.values(pages)) assert.deepEqual(page.complaints, []);
  });
});
