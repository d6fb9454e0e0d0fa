// The clients that exist, in old/, against a running server: not a line of them
// knows this server but for the address and the token. Some are cut in mid-job.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { way } from "./cut.mjs";
import { need } from "./need.mjs";
import { batchStatus, cancelBatch, uploadBatch, watchBatch } from "./old/chemaudit.mjs";
import { followJob } from "./old/clipcrafter.mjs";
import { watchJob } from "./old/clipspeed.mjs";
import { makeService } from "./old/course.mjs";
import { mint } from "./token.mjs";

const url = process.env.REELROOM_URL;
const secret = process.env.REELROOM_SECRET;
const sample = process.env.REELROOM_SAMPLE;
const python = process.env.CONFORMANCE_PYTHON; // one that has websockets
const wanted = { REELROOM_URL: url, REELROOM_SECRET: secret, REELROOM_SAMPLE: sample && existsSync(sample) };
const skip = need(wanted);

const org = `old-${randomUUID().slice(0, 8)}`;
const token = (role = "editor", organizationId = org, seconds = 600) => mint(secret, { userId: `${role}-1`, organizationId, role }, seconds);
const bearer = (as = token()) => ({ authorization: `Bearer ${as}` });
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function http(path, options = {}) {
  const response = await fetch(url + path, { ...options, headers: { ...bearer(), ...options.headers }, signal: AbortSignal.timeout(60_000) });
  const text = await response.text();
  return { status: response.status, json: text ? JSON.parse(text) : undefined };
}

async function upload(content = readFileSync(sample)) {
  const form = new FormData();
  form.append("title", "old client");
  form.append("file", new Blob([content], { type: "video/mp4" }), "sample.mp4");
  const { status, json } = await http("/api/videos", { method: "POST", body: form });
  assert.equal(status, 202, JSON.stringify(json));
  return json.id;
}

/** What the log holds of a video after a place: name and seq. */
async function story(id, from) {
  const events = [];
  for (let after = from; ; ) {
    const { status, json } = await http(`/api/events?after=${after}&wait=0&limit=100&video=${id}`);
    if (status === 304 || json.data.length === 0) break;
    events.push(...json.data.filter(({ payload }) => payload.videoId === id));
    after = json.cursor;
  }
  return events.map(({ event, payload }) => `${payload.seq} ${event}`);
}

const within = (promise, what, ms = 60_000) => {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

describe("clients that exist", { skip, timeout: 300_000 }, () => {
  let road;
  before(async () => {
    if (!skip) road = await way(url);
  });
  after(() => road?.close());

  test("the React service on socket.io-client misses nothing, though it is cut and does nothing about it", async (t) => {
    const service = makeService();
    const seen = [];
    const log = (name) => (payload) => seen.push({ name, ...payload });
    const socket = service.connect(road.url, token());
    try {
      service.onVideoProgress(log("video:progress"));
      service.onVideoFailed(log("video:failed"));
      const done = new Promise((resolve) => service.onVideoProcessed((payload) => (log("video:processed")(payload), resolve(payload))));
      await within(new Promise((resolve) => socket.once("connect", resolve)), "connect");
      let cuts = 0;
      let joined;
      service.onVideoProgress(async () => {
        if (!joined || cuts++ > 1) return;
        road.cut();
        await sleep(300);
        road.mend();
      });
      const id = await upload();
      service.subscribeToVideo(id);
      // What comes after this was told to somebody who follows the video: the
      // service's own request was handled before.
      joined = await socket.timeout(10_000).emitWithAck("video:subscribe", id);
      const outcome = await within(done, "video:processed");
      assert.equal(outcome.videoId, id);
      assert.equal(outcome.metadata.video.width, 640);
      assert.ok(outcome.thumbnail.startsWith("http"));
      const told = await story(id, joined.cursor);
      const heard = seen.filter(({ videoId }) => videoId === id).map(({ seq, name }) => `${seq} ${name}`);
      const missed = told.filter((line) => !line.endsWith("queued") && !heard.includes(line));
      t.diagnostic(`heard ${heard.length}, of them ${told.length - missed.length} of the ${told.length} since it had subscribed: ${seen.map(({ progress, stage }) => `${stage ?? "done"} ${progress}`).join(", ")}`);
      assert.ok(cuts > 0, "it was cut");
      assert.deepEqual(missed, []);
      assert.equal(new Set(heard).size, heard.length, "each once");
      assert.deepEqual(heard.map((line) => Number(line.split(" ")[0])), heard.map((line) => Number(line.split(" ")[0])).sort((a, b) => a - b), "in order");
      const percents = seen.filter(({ progress }) => progress !== undefined).map(({ progress }) => progress);
      for (const mark of [10, 40, 70, 100]) assert.ok(percents.includes(mark), `no ${mark} % in ${percents}`);
    } finally {
      service.disconnect();
      road.mend();
    }
  });

  describe("the raw WebSocket client", () => {
    /** Watches until the client gives up or is done. */
    function watch(base, id, as, hooks = {}) {
      const said = [];
      const closed = new Promise((resolve) => {
        const handle = watchJob(base, id, as, {
          onState: (m) => said.push(`state ${m.status}`),
          onProgress: (m) => (said.push(`progress ${m.stage} ${m.pct}`), hooks.progress?.(m, handle)),
          onCompleted: (jobId, result) => said.push(`completed ${jobId === id} ${result.metadata?.video.width}`),
          onFailed: (jobId, error) => said.push(`failed ${jobId === id} ${typeof error}`),
          onClosed: resolve,
        });
      });
      return { said, closed: within(closed, "close") };
    }

    test("sees its job through and is told that it is complete", async (t) => {
      const id = await upload();
      const { said, closed } = watch(url, id, token(), { progress: (_, handle) => handle.send("ping") });
      const end = await closed;
      t.diagnostic(`${said.join(", ")}; closed ${end.code} ${end.reason}`);
      assert.match(said[0], /^state /);
      assert.equal(said.at(-1), "completed true 640");
      assert.deepEqual([end.code, end.reason], [1000, "Job complete"]);
    });

    test("is told of a job that failed", async (t) => {
      const id = await upload(readFileSync(sample).subarray(0, 3_000));
      const { said, closed } = watch(url, id, token());
      const end = await closed;
      t.diagnostic(`${said.join(", ")}; closed ${end.code} ${end.reason}`);
      assert.equal(said.at(-1), "failed true string");
      assert.equal(end.code, 1000);
    });

    test("comes again by its own rules when it is cut", async (t) => {
      const id = await upload();
      let cuts = 0;
      const { said, closed } = watch(road.url, id, token(), {
        progress: async () => {
          if (cuts++ > 0) return;
          road.cut();
          await sleep(300);
          road.mend();
        },
      });
      const end = await closed;
      t.diagnostic(`${said.join(", ")}; closed ${end.code} ${end.reason}`);
      assert.equal(cuts > 0, true);
      assert.equal(said.filter((line) => line.startsWith("state")).length, 2);
      assert.equal(said.filter((line) => line.startsWith("completed")).length, 1);
      assert.equal(end.code, 1000);
    });

    test("is refused by the codes that it knows", async (t) => {
      const id = await upload();
      const cases = [
        [undefined, token(), 4001],
        [id, undefined, 4001],
        [id, "not.a.token", 4003],
        [id, token("editor", org, -60), 4003],
        [id, token("admin", `${org}-other`), 4404],
        ["01aaaaaaaaaaaaaaaaaaaaaaaa", token(), 4404],
      ];
      for (const [job, as, want] of cases) {
        const { said, closed } = watch(url, job, as);
        // A code that the client does not know makes it try again, five times.
        const { code, reason, retries } = want === 4404 ? await firstClose(job, as) : await closed;
        t.diagnostic(`${code} ${reason}`);
        assert.equal(code, want);
        if (want !== 4404) assert.equal(retries, 0);
        if (want === 4001) assert.equal(reason, "Missing jobId or token");
        if (want === 4003) assert.equal(reason, "Unauthorized");
        assert.deepEqual(said, []);
        if (want === 4404) await closed;
      }
    });

    async function firstClose(job, as) {
      const { default: WebSocket } = await import("ws");
      return new Promise((resolve, reject) => {
        const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws?jobId=${job}&token=${as}`);
        socket.on("close", (code, reason) => resolve({ code, reason: String(reason), retries: 0 }));
        socket.on("error", reject);
      });
    }
  });

  describe("the EventSource client", () => {
    /** Follows until the job has ended; `options` are the platform's own. */
    function follow(address, options, hooks = {}) {
      const seen = [];
      const end = new Promise((resolve, reject) => {
        followJob(
          address,
          {
            onUpdate: (state, at) => (seen.push({ ...state, at }), hooks.update?.(state)),
            onDone: resolve,
            onError: (event, forGood) => forGood && reject(new Error(`closed: ${event.code} ${event.message}`)),
          },
          options,
        );
      });
      return { seen, end: within(end, "the end of the job") };
    }

    function check(t, seen, job) {
      t.diagnostic(seen.map(({ status, progress }) => `${status} ${progress}`).join(", "));
      assert.equal(job.status, "complete");
      assert.equal(job.progress, 100);
      assert.ok(seen.every(({ at }) => /^[a-z0-9]+\.\d+$/.test(at)), "each message has its cursor as id");
      const percents = seen.map(({ progress }) => progress);
      assert.deepEqual(percents, [...percents].sort((a, b) => a - b), "never falling");
    }

    test("sees its job through with a ticket in its address", async (t) => {
      const id = await upload();
      const { status, json } = await http("/api/tickets", { method: "POST" });
      assert.equal(status, 201, JSON.stringify(json));
      const { seen, end } = follow(`${url}/api/jobs/${id}/stream?ticket=${json.ticket}`);
      check(t, seen, await end);
    });

    test("goes on where it was when it is cut", async (t) => {
      const id = await upload();
      const asked = [];
      const options = {
        fetch: (input, init) => {
          asked.push(init.headers["Last-Event-ID"]);
          return fetch(input, { ...init, headers: { ...init.headers, ...bearer() } });
        },
      };
      const { seen, end } = follow(`${road.url}/api/jobs/${id}/stream`, options, {
        update: async () => {
          if (asked.length > 1 || seen.length < 2) return;
          road.cut();
          await sleep(300);
          road.mend();
        },
      });
      check(t, seen, await end);
      assert.ok(asked.length > 1 && asked.at(-1), `it asked ${asked}`);
      const places = seen.map(({ at }) => Number(at.split(".")[1]));
      assert.equal(new Set(places).size, places.length, "nothing came twice");
      const told = (await story(id, seen[0].at)).map((line) => Number(line.split(" ")[0]));
      assert.deepEqual(places.slice(1), told, "nothing is missing");
    });
  });

  describe("the batch clients", () => {
    const good = () => ({ name: "good.mp4", content: readFileSync(sample) });
    const bad = { name: "bad.mp4", content: "no video at all" };
    const last = (said) => said.at(-1);

    test("JavaScript: one bad file does not fail the rest", async (t) => {
      const said = [];
      const id = await uploadBatch(url, bearer(), [good(), bad, good()]);
      const end = await within(watchBatch(url, id, token(), (m) => said.push(m)), "the batch");
      t.diagnostic(said.map((m) => `${m.status} ${m.progress.toFixed(1)} ${m.processed}/${m.total} eta ${m.eta}`).join(", "));
      assert.equal(end.status, "complete");
      assert.equal(end.job_id, id);
      assert.deepEqual([last(said).processed, last(said).total, last(said).progress], [3, 3, 100]);
      const percents = said.map(({ progress }) => progress);
      assert.deepEqual(percents, [...percents].sort((a, b) => a - b), "never falling");
      assert.deepEqual((({ status, processed, total }) => ({ status, processed, total }))(await batchStatus(url, bearer(), id)), { status: "complete", processed: 3, total: 3 });
    });

    test("JavaScript: a batch of nothing good has failed; one that is cancelled is cancelled", async () => {
      const failed = await uploadBatch(url, bearer(), [bad, { ...bad, name: "worse.mp4" }]);
      assert.equal((await within(watchBatch(url, failed, token(), () => {}), "the batch")).status, "failed");
      const many = await uploadBatch(url, bearer(), Array.from({ length: 12 }, good));
      await cancelBatch(url, bearer(), many);
      assert.equal((await within(watchBatch(url, many, token(), () => {}), "the batch")).status, "cancelled");
    });

    test("Python, on websockets", { skip: need({ ...wanted, CONFORMANCE_PYTHON: python }) }, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), "batch-"));
      try {
        writeFileSync(join(folder, "bad.mp4"), bad.content);
        const program = fileURLToPath(new URL("old/chemaudit.py", import.meta.url));
        const child = spawn(python, [program, url, token(), sample, join(folder, "bad.mp4"), sample], { timeout: 120_000 });
        let out = "";
        let err = "";
        child.stdout.on("data", (data) => (out += data));
        child.stderr.on("data", (data) => (err += data));
        const code = await new Promise((resolve) => child.on("close", resolve));
        assert.equal(code, 0, err);
        const said = out.trim().split("\n").map((line) => JSON.parse(line));
        t.diagnostic(said.map((m) => `${m.status} ${m.progress} ${m.processed}/${m.total}`).join(", "));
        assert.deepEqual([last(said).status, last(said).processed, last(said).total], ["complete", 3, 3]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
});
