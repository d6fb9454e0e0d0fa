// Drives a door with the official socket.io-client.
//
//   node client.mjs URL MODULES PACKAGE
//
// MODULES is the node_modules folder that holds the client, as PACKAGE. What
// clients before 4.6 lack is not used. Prints one line for each scenario and
// ends with 1 when one of them failed.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const [url, modules, name] = process.argv.slice(2);
const { io } = createRequire(join(modules, "x.js"))(name);

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

// ask sends an event and resolves with the first argument of its ack.
function ask(socket, ...event) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ack of ${event[0]} within 20 s`)), 20000);
    socket.emit(...event, (answer) => {
      clearTimeout(timer);
      resolve(answer);
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
    const own = await ask(socket, "video:subscribe", "v1");
    assert.equal(own.ok, true);
    assert.equal(own.video.id, "v1");
    assert.match(own.cursor, /^e1\.\d+$/);
    const object = await ask(socket, "video:subscribe", { videoId: "v1" });
    assert.equal(object.ok, true);
    const absent = await ask(socket, "video:subscribe", "nothing");
    const bad = await ask(socket, "video:subscribe", "a b");
    assert.equal(absent.ok, false);
    assert.equal(absent.error.code, "not_found");
    assert.deepEqual(bad, absent);
    const left = await ask(socket, "video:unsubscribe", "v1");
    assert.deepEqual(left, { ok: true });
    socket.emit("video:subscribe", "v1"); // the ack is optional
    socket.close();
    const stranger = await connected({ ...t, ...auth("b:u:admin") });
    assert.deepEqual(await ask(stranger, "video:subscribe", "v1"), absent);
    assert.deepEqual(await ask(stranger, "video:cancel", "v1"), absent);
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
    for (const n of numbers(50)) acks.push(ask(socket, "echo", n)); // buffered
    await once(socket, "connect");
    for (const n of numbers(50)) acks.push(ask(socket, "echo", 50 + n));
    assert.deepEqual(await Promise.all(acks), numbers(100));
    socket.close();
  };
  scenarios[`${name}: inbound order`] = async () => {
    const socket = await connected({ ...t, ...member });
    const seen = [];
    const acks = numbers(2000).map((n) => ask(socket, "echo", n).then((v) => seen.push(v)));
    await Promise.all(acks);
    assert.deepEqual(seen, numbers(2000));
    socket.close();
  };
  for (const how of ["cut", "away"]) scenarios[`${name}: ${how}`] = async () => {
    const again = { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 50 };
    const socket = open({ ...t, ...again, ...auth(how + "-" + name + ":u:viewer") });
    await once(socket, "connect");
    const ids = new Set();
    for (let i = 0; i < 5; i++) {
      ids.add(socket.io.engine.id);
      const back = once(socket, "connect");
      socket.emit(how); // the server ends the connection
      await back;
      assert.equal(await ask(socket, "echo", i), i);
    }
    assert.equal(ids.size, 5, "each time another connection");
    const all = collect(socket, 200);
    socket.emit("burst", 200);
    assert.deepEqual(await all, numbers(200));
    socket.close();
  };
  scenarios[`${name}: bytes`] = async () => {
    const socket = await connected({ ...t, ...member });
    const bytes = Buffer.from([0, 1, 2, 255]);
    // No event of ours takes bytes; they arrive, and are answered.
    assert.equal(await ask(socket, "count", bytes, { deep: [bytes] }), 8);
    assert.equal((await ask(socket, "video:subscribe", bytes)).error.code, "invalid");
    assert.equal((await ask(socket, "video:subscribe", "v1")).ok, true);
    socket.close();
  };
  scenarios[`${name}: ten reconnections`] = async () => {
    const socket = await connected({ ...t, ...member });
    for (let i = 0; i < 10; i++) {
      const { engine } = socket.io;
      socket.disconnect();
      // Client 4.0 forgets the new connection when the old one's end comes after it.
      if (engine.readyState !== "closed") await once(engine, "close");
      const again = once(socket, "connect");
      socket.connect();
      await again;
      assert.equal((await ask(socket, "video:subscribe", "v1")).ok, true);
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
  assert.equal((await ask(viewer, "video:cancel", "v1")).error.code, "forbidden");
  assert.equal((await ask(viewer, "no:such:event")).error.code, "unsupported");
  viewer.close();
  const editor = await connected(auth("a:e:editor"));
  assert.deepEqual(await ask(editor, "video:cancel", "v1"), {
    ok: true,
    video: { id: "v1", status: "cancelled" },
    cursor: "e1.7",
  });
  assert.equal((await ask(editor, "video:retry", "v1")).error.code, "conflict");
  editor.close();
};
scenarios["a token that ends"] = async () => {
  const socket = await connected({ ...auth("a:u:viewer:1s"), transports: transports.websocket });
  const [reason] = await once(socket, "disconnect");
  assert.equal(reason, "transport close"); // it would connect again
};
scenarios["a token that is refreshed"] = async () => {
  const socket = await connected(auth("a:u:viewer:2s"));
  assert.equal((await ask(socket, "auth:refresh", { token: "b:u:viewer" })).error.code, "token_invalid");
  assert.equal((await ask(socket, "auth:refresh", { token: "expired" })).error.code, "token_expired");
  const answer = await ask(socket, "auth:refresh", { token: "a:u:viewer" });
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
