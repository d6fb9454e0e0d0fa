// One end of an Engine.IO connection (revision 4), over either transport, for
// the tests of this folder. What comes is kept until it is asked for, so that no
// message is missed, and pings are answered while one waits.
import assert from "node:assert/strict";
import { WebSocket } from "ws";

/** The server that echoes, and what it must announce; see TestProtocols in server/socketio. */
export const server = process.env.ECHO_URL;
export const expected = JSON.parse(process.env.ECHO_EXPECTED ?? "null");
if (!server || !expected) throw new Error("go test ./server/socketio runs these tests, with a server of their own");

/** How long a slow machine may take, in ms. */
export const patience = 20_000;
const separator = "\x1e";
const query = "?EIO=4&transport=";

export const transports = ["websocket", "polling"];
export const open = (path, transport) => (transport === "polling" ? PollingPeer.open(path) : WebSocketPeer.open(path));

/** A request that ends within the patience; resolves with {status, body}. */
export async function request(path, search, options = {}) {
  const response = await fetch(server + path + search, { ...options, signal: AbortSignal.timeout(patience) });
  return { status: response.status, body: await response.text() };
}

const late = (what) =>
  new Promise((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${what} within ${patience} ms`)), patience);
    timer.unref();
  });

/** A packet as bytes, when it is binary. */
const unpack = (text) => (text.startsWith("b") ? new Uint8Array(Buffer.from(text.slice(1), "base64")) : text);
const pack = (packet) => (typeof packet === "string" ? packet : `b${Buffer.from(packet).toString("base64")}`);

class Peer {
  inbox = [];

  /** The next packet of any type, or undefined when the connection has ended. */
  async any() {
    if (this.inbox.length === 0) await Promise.race([this.more(), late("packet")]);
    return this.inbox.shift();
  }

  /** The next packet that is neither a ping nor a "noop". */
  async next() {
    for (;;) {
      const packet = await this.any();
      if (packet === "2") await this.send("3");
      else if (packet !== "6") return packet;
    }
  }

  /** Waits until the server has ended the connection; pings are left unanswered. */
  async ended() {
    while ((await this.any()) !== undefined);
  }

  /** Opens a Socket.IO connection to a namespace, and returns its CONNECT and its greeting. */
  async connect(namespace = "", auth = "") {
    await this.send(`40${namespace}${auth}`);
    return [await this.next(), await this.next()];
  }
}

export class WebSocketPeer extends Peer {
  transport = "websocket";
  waiting = () => {};

  /** search may name the session to upgrade, which is then not greeted. */
  constructor(path, search = `${query}websocket`) {
    super();
    this.socket = new WebSocket(server.replace("http", "ws") + path + search);
    this.socket.binaryType = "nodebuffer";
    this.socket.on("message", (data, binary) => {
      this.inbox.push(binary ? new Uint8Array(data) : data.toString());
      this.waiting();
    });
    this.socket.on("error", () => {}); // "close" follows
    this.socket.on("close", () => {
      this.over = true;
      this.waiting();
    });
    this.opened = new Promise((resolve) => {
      this.socket.once("open", () => resolve(true));
      this.socket.once("close", () => resolve(false));
    });
  }

  static async open(path) {
    const peer = new WebSocketPeer(path);
    peer.hello = await peer.any();
    assert.ok(peer.hello, "the connection was not opened");
    return peer;
  }

  more() {
    return this.over ? undefined : new Promise((resolve) => (this.waiting = resolve));
  }

  /** Like a browser's, it says nothing of a message to a connection that is over. */
  async send(packet) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(packet);
  }

  close() {
    this.socket.terminate();
  }
}

export class PollingPeer extends Peer {
  transport = "polling";

  static async open(path) {
    const peer = new PollingPeer();
    const { status, body } = await request(path, `${query}polling`);
    assert.equal(status, 200, body);
    peer.hello = body;
    peer.sid = JSON.parse(body.slice(1)).sid;
    peer.path = path;
    peer.search = `${query}polling&sid=${peer.sid}`;
    return peer;
  }

  poll() {
    return request(this.path, this.search);
  }

  post(body) {
    return request(this.path, this.search, { method: "POST", body });
  }

  async more() {
    if (this.over) return;
    const { status, body } = await this.poll();
    if (status !== 200) this.over = true;
    else this.inbox.push(...body.split(separator).map(unpack));
  }

  /** Several packets go into one payload. */
  async send(...packets) {
    const { status } = await this.post(packets.map(pack).join(separator));
    if (status !== 200) this.over = true;
    return status;
  }

  /** Begins an upgrade; resolves when the server has answered the probe. */
  async probe() {
    const next = new WebSocketPeer(this.path, `${query}websocket&sid=${this.sid}`);
    assert.ok(await next.opened, "the WebSocket of the upgrade was refused");
    await next.send("2probe");
    assert.equal(await next.any(), "3probe");
    return next;
  }

  /** Goes over to a WebSocket, and returns it. */
  async upgrade() {
    const next = await this.probe();
    await next.send("5");
    return next;
  }

  close() {
    return this.post("1").catch(() => {});
  }
}

/** Runs work with a connection, and closes that afterwards. */
export async function withPeer(path, transport, work) {
  const peer = await open(path, transport);
  try {
    return await work(peer);
  } finally {
    await peer.close();
  }
}
