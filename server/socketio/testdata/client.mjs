// Drives a door with the official socket.io-client.
//
//   node client.mjs URL MODULES
//
// MODULES is the node_modules folder that holds socket.io-client. Prints one line
// for each scenario and ends with 1 when one of them failed.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const [url, modules] = process.argv.slice(2);
const { io } = createRequire(join(modules, "x.js"))("socket.io-client");

const transports = {
  websocket: ["websocket"],
  polling: ["polling"],
  upgrade: ["polling", "websocket"],
};

function open(options) {
  return io(url, { forceNew: true, reconnection: false, timeout: 10000, ...options });
}

function once(socket, event) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event} within 15 s`)), 15000);
    socket.once(event, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
}

async function connected(options) {
  const socket = open(options);
  socket.on("connect_error", (err) => console.error("connect_error", err.message));
  await once(socket, "connect");
  return socket;
}

async function refusal(options) {
  const socket = open(options);
  const [err] = await once(socket, "connect_error");
  socket.close();
  return { message: err.message, code: err.data?.code };
}

const auth = (token) => ({ auth: { token } });
const member = auth("a:u:viewer");

// collect resolves with the payloads of count events, and checks the cursors.
function collect(socket, count) {
  return new Promise((resolve, reject) => {
    const got = [];
    const timer = setTimeout(() => reject(new Error(`${got.length} of ${count} events`)), 20000);
    socket.on("disconnect", (reason) => reject(new Error(`disconnected: ${reason}, ${got.length} events`)));
    socket.on("video:progress", (payload, ...rest) => {
      assert.equal(typeof rest.at(-1), "string");
      assert.match(rest.at(-1), /^[a-z0-9]+\.\d+$/);
      got.push(payload.n);
      if (got.length === count) {
        clearTimeout(timer);
        resolve(got);
      }
    });
  });
}

const numbers = (count) => Array.from({ length: count }, (_, n) => n);

const scenarios = {};
for (const [name, list] of Object.entries(transports)) {
  const t = { transports: list };
  scenarios[`${name}: refusals`] = async () => {
    assert.deepEqual(await refusal(t), { message: "Authentication required", code: "token_missing" });
    assert.deepEqual(await refusal({ ...t, ...auth("nonsense") }), { message: "Invalid token", code: "token_invalid" });
    assert.deepEqual(await refusal({ ...t, ...auth("expired") }), { message: "Invalid token", code: "token_expired" });
  };
  scenarios[`${name}: token in the header`] = async () => {
    const socket = await connected({ ...t, extraHeaders: { authorization: "Bearer a:u:viewer" } });
    socket.close();
  };
  scenarios[`${name}: subscribe`] = async () => {
    const socket = await connected({ ...t, ...member });
    const own = await socket.timeout(5000).emitWithAck("video:subscribe", "v1");
    assert.equal(own.ok, true);
    assert.equal(own.video.id, "v1");
    assert.match(own.cursor, /^e1\.\d+$/);
    const object = await socket.timeout(5000).emitWithAck("video:subscribe", { videoId: "v1" });
    assert.equal(object.ok, true);
    const absent = await socket.timeout(5000).emitWithAck("video:subscribe", "nothing");
    const bad = await socket.timeout(5000).emitWithAck("video:subscribe", "a b");
    assert.equal(absent.ok, false);
    assert.equal(absent.error.code, "not_found");
    assert.deepEqual(bad, absent);
    const left = await socket.timeout(5000).emitWithAck("video:unsubscribe", "v1");
    assert.deepEqual(left, { ok: true });
    socket.emit("video:subscribe", "v1"); // the ack is optional
    socket.close();
    const stranger = await connected({ ...t, ...auth("b:u:admin") });
    assert.deepEqual(await stranger.timeout(5000).emitWithAck("video:subscribe", "v1"), absent);
    assert.deepEqual(await stranger.timeout(5000).emitWithAck("video:cancel", "v1"), absent);
    stranger.close();
  };
  scenarios[`${name}: burst`] = async () => {
    const socket = await connected({ ...t, ...auth("burst-" + name + ":u:viewer") });
    const all = collect(socket, 2000);
    socket.emit("burst", 2000);
    assert.deepEqual(await all, numbers(2000));
    socket.close();
  };
  scenarios[`${name}: early events`] = async () => {
    const socket = open({ ...t, ...member });
    const acks = [];
    for (const n of numbers(50)) acks.push(socket.timeout(10000).emitWithAck("echo", n)); // buffered
    await once(socket, "connect");
    for (const n of numbers(50)) acks.push(socket.timeout(10000).emitWithAck("echo", 50 + n));
    assert.deepEqual(await Promise.all(acks), numbers(100));
    socket.close();
  };
  scenarios[`${name}: inbound order`] = async () => {
    const socket = await connected({ ...t, ...member });
    const seen = [];
    const acks = numbers(2000).map((n) => socket.timeout(20000).emitWithAck("echo", n).then((v) => seen.push(v)));
    await Promise.all(acks);
    assert.deepEqual(seen, numbers(2000));
    socket.close();
  };
  scenarios[`${name}: ten reconnections`] = async () => {
    const socket = await connected({ ...t, ...member });
    for (let i = 0; i < 10; i++) {
      socket.disconnect();
      const again = once(socket, "connect");
      socket.connect();
      await again;
      assert.equal((await socket.timeout(5000).emitWithAck("video:subscribe", "v1")).ok, true);
    }
    socket.close();
  };
}

scenarios["upgrade: events from the first moment"] = async () => {
  const socket = open({ ...auth("paced:u:viewer"), transports: transports.upgrade });
  const all = collect(socket, 1000);
  socket.emit("paced", 1000); // sent with the connect, while the transport may still change
  assert.deepEqual(await all, numbers(1000));
  assert.equal(socket.io.engine.transport.name, "websocket");
  socket.close();
};
scenarios["another namespace is refused"] = async () => {
  const socket = io(url + "/admin", { forceNew: true, reconnection: false, ...member });
  const [err] = await once(socket, "connect_error");
  assert.equal(err.message, "Invalid namespace");
  socket.close();
};
scenarios["commands"] = async () => {
  const viewer = await connected(member);
  assert.equal((await viewer.timeout(5000).emitWithAck("video:cancel", "v1")).error.code, "forbidden");
  assert.equal((await viewer.timeout(5000).emitWithAck("no:such:event")).error.code, "unsupported");
  viewer.close();
  const editor = await connected(auth("a:e:editor"));
  assert.deepEqual(await editor.timeout(5000).emitWithAck("video:cancel", "v1"), {
    ok: true,
    video: { id: "v1", status: "cancelled" },
    cursor: "e1.7",
  });
  assert.equal((await editor.timeout(5000).emitWithAck("video:retry", "v1")).error.code, "conflict");
  editor.close();
};
scenarios["a token that ends"] = async () => {
  const socket = await connected({ ...auth("a:u:viewer:1s"), transports: transports.websocket });
  const [reason] = await once(socket, "disconnect");
  assert.equal(reason, "io server disconnect");
};
scenarios["a token that is refreshed"] = async () => {
  const socket = await connected(auth("a:u:viewer:2s"));
  assert.equal((await socket.timeout(5000).emitWithAck("auth:refresh", { token: "b:u:viewer" })).error.code, "token_invalid");
  assert.equal((await socket.timeout(5000).emitWithAck("auth:refresh", { token: "expired" })).error.code, "token_expired");
  const answer = await socket.timeout(5000).emitWithAck("auth:refresh", { token: "a:u:viewer" });
  assert.equal(answer.ok, true);
  assert.ok(Date.parse(answer.expiresAt) > Date.now() + 60000);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  assert.equal(socket.connected, true);
  socket.close();
};

let failed = 0;
for (const [name, run] of Object.entries(scenarios)) {
  const start = Date.now();
  try {
    await run();
    console.log(`ok    ${name} (${Date.now() - start} ms)`);
  } catch (err) {
    failed++;
    console.log(`FAIL  ${name}: ${err.message?.slice(0, 500)}`);
  }
}
process.exit(failed ? 1 : 0);
