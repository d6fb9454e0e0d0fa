// Pages of other origins in a real browser, against a server of its own as a newcomer has it:
//   REELROOM_SERVER=./server node --test origins.test.mjs
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { executablePath, farAway, launch } from "./chromium.mjs";
import { serve } from "./hooks/serve.mjs";
import { need } from "./need.mjs";
import { mint } from "./token.mjs";

const binary = process.env.REELROOM_SERVER;
const skip = need({ REELROOM_SERVER: binary && existsSync(binary), chromium: existsSync(executablePath) });
const official = (name) => readFileSync(fileURLToPath(new URL(`../node_modules/${name}`, import.meta.url)), "utf8");

describe("pages of other origins", { skip, timeout: 300_000 }, () => {
  let browser, folder, server, token;
  before(async () => {
    if (skip) return;
    browser = await launch(farAway);
    folder = mkdtempSync(join(tmpdir(), "reelroom-origins-"));
    server = await serve(binary, join(folder, "data"));
    token = mint(server.secret, { userId: "ann", organizationId: "acme", role: "editor" });
  });
  after(async () => {
    await browser?.close();
    await server?.kill();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  /** A page of an origin, with the official clients of Socket.IO and tus. */
  async function open(origin) {
    const context = await browser.newContext();
    await context.route(`${origin}/**`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html><title>app</title>" }));
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`${origin}/`);
    for (const name of ["socket.io-client/dist/socket.io.js", "tus-js-client/dist/tus.js"]) await page.addScriptTag({ content: official(name) });
    return page;
  }

  /** What an app does, in a page: its first words, or those of what went wrong. */
  const attempts = {
    polling: async ({ url, token }) => {
      const socket = window.io(url, { auth: { token }, transports: ["polling"], reconnection: false });
      return new Promise((resolve) => {
        socket.once("stream:ready", () => resolve("ready"));
        socket.once("connect_error", (e) => resolve(`${e.description} ${e.context?.responseText}`));
      }).finally(() => socket.close());
    },
    websocket: async ({ url, token }) => {
      const socket = window.io(url, { auth: { token }, transports: ["websocket"], reconnection: false });
      return new Promise((resolve) => {
        socket.once("stream:ready", () => resolve("ready"));
        socket.once("connect_error", (e) => resolve(e.message));
      }).finally(() => socket.close());
    },
    "both, as a stock client does": async ({ url, token }) => {
      const socket = window.io(url, { auth: { token } });
      return new Promise((resolve) => {
        socket.io.engine.once("upgrade", () => resolve("ready"));
        socket.once("connect_error", (e) => resolve(`${e.description} ${e.context?.responseText}`));
      }).finally(() => socket.close());
    },
    fetch: async ({ url, token }) => {
      const answer = await fetch(`${url}/api/videos`, { headers: { authorization: `Bearer ${token}` } });
      return answer.ok ? "ready" : `${answer.status} ${await answer.text()}`;
    },
    upload: async ({ url, token }) =>
      new Promise((resolve) => {
        new window.tus.Upload(new Blob(["no video"]), {
          endpoint: `${url}/api/uploads`, headers: { authorization: `Bearer ${token}` }, metadata: { filename: "a.mp4" }, retryDelays: null,
          onUploadUrlAvailable: () => resolve("ready"),
          onError: (e) => resolve(`${e.originalResponse?.getStatus()} ${e.originalResponse?.getBody()}`),
        }).start();
      }),
    EventSource: async ({ url, token }) => {
      const asked = await fetch(`${url}/api/tickets`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
      if (!asked.ok) return `${asked.status} ${await asked.text()}`;
      const { ticket } = await asked.json();
      const source = new EventSource(`${url}/api/events?ticket=${encodeURIComponent(ticket)}`);
      return new Promise((resolve) => {
        source.onopen = () => resolve("ready");
        source.onerror = () => resolve("error");
      }).finally(() => source.close());
    },
    "raw WebSocket": async ({ url, token }) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`${url.replace("http", "ws")}/ws?jobId=x&token=${token}`);
        socket.onclose = ({ code }) => resolve(code === 4404 ? "ready" : `closed ${code}`);
      }),
  };

  for (const origin of ["http://localhost:3000", "http://localhost:4200", "http://127.0.0.1:8080", "http://[::1]:4200"]) {
    test(`${origin} is admitted, without a setting`, async () => {
      const page = await open(origin);
      for (const [name, attempt] of Object.entries(attempts)) assert.equal(await page.evaluate(attempt, { url: server.url, token }), "ready", name);
      // Cookies are not for it: a request that would send some is not shown to the page.
      assert.match(await page.evaluate(({ url }) => fetch(`${url}/api/auth/options`, { credentials: "include" }).then((r) => String(r.status), String), { url: server.url }), /TypeError/);
      await page.context().close();
    });
  }

  test("another origin is told why not, where a browser lets it read that", async () => {
    const page = await open("http://app.example");
    for (const name of ["polling", "both, as a stock client does", "fetch", "upload", "EventSource"]) {
      assert.match(await page.evaluate(attempts[name], { url: server.url, token }), /403 .*http:\/\/app\.example.*FRONTEND_URL/, name);
    }
    assert.equal(await page.evaluate(attempts.websocket, { url: server.url, token }), "websocket error");
    assert.equal(await page.evaluate(attempts["raw WebSocket"], { url: server.url, token }), "closed 1006");
    assert.equal(server.log().split("a page was refused").length - 1, 1, "one line in the log");
    await page.context().close();
  });

  test("a wrong path of Socket.IO is told, and a page that knows it connects", async () => {
    const page = await open("http://localhost:3000");
    const wrong = await page.evaluate(async ({ url, token }) => {
      const socket = window.io(url, { path: "/socketio/", auth: { token }, reconnection: false });
      return new Promise((resolve) => socket.once("connect_error", (e) => resolve(`${e.description} ${e.context?.responseText}`))).finally(() => socket.close());
    }, { url: server.url, token });
    assert.match(wrong, /404 .*not_found/);
    await page.context().close();
  });
});
