// The Socket.IO door, by the official client against a running server:
//   REELROOM_URL=http://localhost:5000 REELROOM_SECRET=… REELROOM_SAMPLE=video.mp4 node --test
// REELROOM_SECRET is the server's JWT_SECRET, to mint tokens of two organizations.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { io } from "socket.io-client";
import { need } from "./need.mjs";
import { mint } from "./token.mjs";

const url = process.env.REELROOM_URL;
const secret = process.env.REELROOM_SECRET;
const sample = process.env.REELROOM_SAMPLE;
const skip = need({ REELROOM_URL: url, REELROOM_SECRET: secret, REELROOM_SAMPLE: sample && existsSync(sample) });

const org = `conformance-${randomUUID().slice(0, 8)}`;
const token = (role, organizationId = org) => mint(secret, { userId: `${role}-1`, organizationId, role });
const sockets = [];
after(() => sockets.forEach((s) => s.disconnect()));

function client(auth, transport = "websocket") {
  const socket = io(url, { auth, transports: [transport], forceNew: true, reconnection: false });
  sockets.push(socket);
  return socket;
}
const once = (socket, event, ms = 10_000) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} within ${ms} ms`)), ms);
    socket.once(event, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
async function connected(auth, transport) {
  const socket = client(auth, transport);
  await Promise.race([once(socket, "connect"), once(socket, "connect_error").then(([e]) => Promise.reject(e))]);
  return socket;
}

async function http(method, path, as, body) {
  const headers = { authorization: `Bearer ${as}` };
  if (body && !(body instanceof FormData)) {
    headers["content-type"] = "application/json";
    body = JSON.stringify(body);
  }
  const response = await fetch(url + path, { method, headers, body, signal: AbortSignal.timeout(30_000) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text ? JSON.parse(text) : undefined };
}

/** Uploads the sample and waits until its own work is done, so that only the published events follow. */
async function settledVideo() {
  const form = new FormData();
  form.append("title", "conformance");
  form.append("file", new Blob([readFileSync(sample)], { type: "video/mp4" }), "sample.mp4");
  const { status, json } = await http("POST", "/api/videos", token("editor"), form);
  assert.equal(status, 202, JSON.stringify(json));
  for (const end = Date.now() + 120_000; Date.now() < end; await new Promise((r) => setTimeout(r, 300))) {
    const { json: video } = await http("GET", `/api/videos/${json.id}`, token("viewer"));
    if (!["queued", "processing"].includes(video.status)) return video;
  }
  throw new Error("the sample was not processed within two minutes");
}

describe("the Socket.IO door", { skip, timeout: 300_000 }, () => {
  let video;
  before(async () => {
    if (!skip) video = await settledVideo();
  });

  for (const transport of ["websocket", "polling"]) {
    describe(transport, () => {
      test("lets a good token in", async () => {
        const socket = await connected({ token: token("viewer") }, transport);
        assert.ok(socket.connected);
      });

      test("refuses with the exact words", async () => {
        const cases = [
          [{}, "Authentication required", "token_missing"],
          [{ token: "not.a.token" }, "Invalid token", "token_invalid"],
          [{ token: mint(secret, { userId: "u", organizationId: org, role: "admin" }, -60) }, "Invalid token", "token_expired"],
          [{ token: mint("another secret of at least 32 bytes!!", { userId: "u", organizationId: org, role: "admin" }) }, "Invalid token", "token_invalid"],
        ];
        for (const [auth, message, code] of cases) {
          const [error] = await once(client(auth, transport), "connect_error");
          assert.equal(error.message, message);
          assert.equal(error.data?.code, code);
        }
      });

      test("answers a subscription with the present state and a cursor", async () => {
        const socket = await connected({ token: token("viewer") }, transport);
        for (const ask of [video.id, { videoId: video.id }]) {
          const ack = await socket.timeout(10_000).emitWithAck("video:subscribe", ask);
          assert.equal(ack.ok, true, JSON.stringify(ack));
          assert.equal(ack.video.id, video.id);
          assert.equal(ack.video._id, video.id);
          assert.match(ack.cursor, /^[a-z0-9]+\.\d+$/);
        }
      });

      test("answers a foreign id as one that does not exist", async () => {
        const stranger = await connected({ token: token("admin", `${org}-other`) }, transport);
        const foreign = await stranger.timeout(10_000).emitWithAck("video:subscribe", video.id);
        const absent = await stranger.timeout(10_000).emitWithAck("video:subscribe", "01aaaaaaaaaaaaaaaaaaaaaaaa");
        assert.equal(foreign.ok, false);
        assert.equal(foreign.error.code, "not_found");
        assert.deepEqual(foreign, absent);
      });

      test("delivers a burst of 2,000 events, each once and in order, to its organization only", { timeout: 60_000 }, async (t) => {
        const socket = await connected({ token: token("viewer") }, transport);
        const stranger = await connected({ token: token("admin", `${org}-other`) }, transport);
        const ack = await socket.timeout(10_000).emitWithAck("video:subscribe", video.id);
        assert.ok(ack.ok);
        const count = 2_000;
        const got = [];
        let leaked = 0;
        stranger.onAny((event) => event.startsWith("video:") && leaked++);
        const all = new Promise((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`${got.length} of ${count} arrived`)), 40_000);
          socket.on("video:updated", (payload, cursor) => {
            if (payload.n === undefined) return;
            got.push({ ...payload, cursor });
            if (got.length !== count) return;
            clearTimeout(timer);
            resolve();
          });
        });
        const start = performance.now();
        const answers = await burst(count, (n) => ({ event: "video:updated", videoId: video.id, data: { n }, id: `${transport}-${randomUUID()}-${n}` }));
        const sent = performance.now();
        await all;
        t.diagnostic(`published in ${(sent - start).toFixed(0)} ms, last one received ${(performance.now() - sent).toFixed(0)} ms later`);

        const seqs = got.map((e) => e.seq);
        assert.deepEqual(seqs, Array.from({ length: count }, (_, i) => seqs[0] + i), "seq is contiguous and in order");
        assert.ok(got.every((e) => e.cursor.endsWith(`.${e.seq}`)), "the last argument is the event's cursor");
        assert.equal(new Set(got.map((e) => e.n)).size, count, "each event once");
        assert.deepEqual([...answers.map((a) => a.seq)].sort((a, b) => a - b), seqs, "the publisher was told the same places");
        assert.equal(leaked, 0, "nothing reached the other organization");
      });
    });
  }

  test("takes an event once, by its id", async () => {
    const event = { event: "video:updated", videoId: video.id, data: { once: true }, id: randomUUID() };
    const first = await http("POST", "/api/events", token("service"), event);
    assert.equal(first.status, 202, JSON.stringify(first.json));
    const socket = await connected({ token: token("viewer") });
    const heard = [];
    const marker = new Promise((resolve) => {
      socket.on("video:updated", (payload) => {
        heard.push(payload.marker ? "marker" : "double");
        if (payload.marker) resolve();
      });
    });
    const again = await http("POST", "/api/events", token("service"), event);
    assert.ok(again.status === 202 || again.status === 200, String(again.status));
    // Later in the log than the double would be.
    await http("POST", "/api/events", token("service"), { event: "video:updated", videoId: video.id, data: { marker: true } });
    await marker;
    assert.deepEqual(heard, ["marker"]);
    assert.equal(again.json.seq, first.json.seq, "and tells the same place again");
  });

  test("lets only a publisher publish", async () => {
    const body = { event: "video:updated", videoId: video.id, data: {} };
    assert.equal((await http("POST", "/api/events", token("viewer"), body)).status, 403);
    assert.equal((await http("POST", "/api/events", token("service", `${org}-other`), body)).status, 404);
  });
});

/** Publishes in a burst over several connections; a 429 waits as long as it says. */
async function burst(count, make, lanes = 16) {
  const answers = new Array(count);
  const service = token("service");
  let next = 0;
  const lane = async () => {
    for (let n = next++; n < count; n = next++) {
      for (let tries = 0; ; tries++) {
        const { status, headers, json } = await http("POST", "/api/events", service, make(n));
        if (status === 202) {
          answers[n] = json;
          break;
        }
        assert.ok(status === 429 && tries < 20, `POST /api/events: ${status} ${JSON.stringify(json)}`);
        await new Promise((r) => setTimeout(r, 1000 * Number(headers.get("retry-after") ?? 1)));
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return answers;
}
