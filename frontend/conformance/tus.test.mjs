// Resumable uploads, by the official tus client against a running server; the
// variables are those of door.test.mjs.
import assert from "node:assert/strict";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { io } from "socket.io-client";
import * as tus from "tus-js-client";
import { way } from "./cut.mjs";
import { need } from "./need.mjs";
import { mint } from "./token.mjs";

const url = process.env.REELROOM_URL;
const secret = process.env.REELROOM_SECRET;
const sample = process.env.REELROOM_SAMPLE;
const skip = need({ REELROOM_URL: url, REELROOM_SECRET: secret, REELROOM_SAMPLE: sample && existsSync(sample) });

const org = `tus-${randomUUID().slice(0, 8)}`;
const token = (user, role = "editor", organizationId = org) => mint(secret, { userId: user, organizationId, role });
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const closing = [];
after(() => closing.forEach((close) => close()));

/** The sample with so much after it that an upload can be cut in its middle. */
const large = () => Buffer.concat([readFileSync(sample), randomBytes(12 << 20)]);

/** Starts an upload and resolves with its end. */
function upload(file, options, meanwhile = () => {}) {
  let client;
  const end = new Promise((resolve, reject) => {
    client = new tus.Upload(file, {
      metadata: { filename: "clip.mp4", filetype: "video/mp4", title: "By tus" },
      headers: { authorization: `Bearer ${token("ann")}` },
      retryDelays: [0, 100, 300, 1000, 3000],
      onError: reject,
      onSuccess: ({ lastResponse }) => resolve(lastResponse),
      onProgress: (sent, total) => meanwhile(sent, total, client),
      ...options,
    });
  });
  client.start();
  return { client, end };
}

async function media(id, as = token("ann")) {
  const response = await fetch(`${url}/api/videos/${id}/media`, { headers: { authorization: `Bearer ${as}` } });
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
}

describe("tus-js-client", { skip }, () => {
  test("goes on by itself after the network was cut, and learns the video", { timeout: 120_000 }, async () => {
    const line = await way(url);
    closing.push(line.close);
    const file = large();
    const heard = [];
    const socket = io(url, { auth: { token: token("eve", "viewer") }, transports: ["websocket"] });
    closing.push(() => socket.disconnect());
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("connect_error", reject));
    const finished = new Promise((resolve) => socket.once("upload:finished", resolve));
    socket.on("upload:progress", (e) => heard.push(e));

    let cuts = 0;
    // In pieces, so that no buffer on the way holds all of it; the line stays cut
    // until the organization has heard how far the upload is.
    const options = { endpoint: `${line.url}/api/uploads`, chunkSize: 1 << 20, retryDelays: Array(60).fill(500) };
    const { client, end } = upload(file, options, (sent, total) => {
      if (cuts === 0 && sent > total / 3) {
        cuts++;
        line.cut();
        if (heard.length > 0) line.mend();
        else socket.once("upload:progress", line.mend);
      }
    });
    const last = await end;
    assert.equal(cuts, 1);
    const id = last.getHeader("Reelroom-Video-Id");
    assert.ok(id, "the last answer names the video");
    const got = await media(id);
    assert.equal(got.status, 200);
    assert.equal(sha256(got.bytes), sha256(file));
    const told = await finished;
    assert.equal(told.videoId, id);
    assert.equal(told.userId, "ann");
    assert.equal(told.size, file.length);
    assert.ok(client.url.endsWith(`/api/uploads/${told.uploadId}`), client.url);
    assert.ok(heard.length > 0 && heard.every((e) => e.title === "By tus" && e.received <= e.size), JSON.stringify(heard.slice(0, 3)));
  });

  test("goes on after its process died, with nothing but the address", { timeout: 120_000 }, async () => {
    const file = large();
    const address = await new Promise((resolve, reject) => {
      upload(file, { endpoint: `${url}/api/uploads`, onError: reject, chunkSize: 1 << 20, onChunkComplete: () => {} }, (sent, total, client) => {
        if (sent > total / 2 && client.url) client.abort().then(() => resolve(client.url), reject);
      });
    });
    let first;
    const { end } = upload(file, { endpoint: `${url}/api/uploads`, uploadUrl: address }, (sent) => (first ??= sent));
    const id = (await end).getHeader("Reelroom-Video-Id");
    assert.ok(first >= 1 << 20, `began again at ${first}`);
    assert.equal(sha256((await media(id)).bytes), sha256(file));

    // Once more, whole as it is: the same video.
    const again = await fetch(address, { method: "HEAD", headers: { authorization: `Bearer ${token("ann")}`, "tus-resumable": "1.0.0" } });
    assert.equal(again.headers.get("reelroom-video-id"), id);
    for (const stranger of [token("bob"), token("ann", "admin", `${org}-other`)]) {
      const response = await fetch(address, { method: "HEAD", headers: { authorization: `Bearer ${stranger}`, "tus-resumable": "1.0.0" } });
      assert.equal(response.status, 404);
    }
  });

  test("sends small files with their creation, and ends uploads", { timeout: 60_000 }, async () => {
    const file = readFileSync(sample);
    const { end } = upload(file, { endpoint: `${url}/api/uploads`, uploadDataDuringCreation: true });
    const id = (await end).getHeader("Reelroom-Video-Id");
    assert.equal(sha256((await media(id)).bytes), sha256(file));

    const big = large();
    const address = await new Promise((resolve, reject) => {
      upload(big, { endpoint: `${url}/api/uploads`, onError: reject, chunkSize: 1 << 20 }, (sent, total, client) => {
        if (sent > total / 2 && client.url) client.abort(true).then(() => resolve(client.url), reject);
      });
    });
    const gone = await fetch(address, { method: "HEAD", headers: { authorization: `Bearer ${token("ann")}`, "tus-resumable": "1.0.0" } });
    assert.equal(gone.status, 404);
  });

  test("is told why a file is not taken", { timeout: 60_000 }, async () => {
    const { end } = upload(Buffer.from("<html>".repeat(100_000)), { endpoint: `${url}/api/uploads` });
    await assert.rejects(end, (error) => error.originalResponse?.getStatus() === 415);
  });
});
