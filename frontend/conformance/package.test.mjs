// @reelroom/react as a stranger gets it: packed from a clone, offered by a
// server, installed in apps that are no part of this workspace.
//   REELROOM_SERVER=./server REELROOM_SAMPLE=video.mp4 node --test package.test.mjs
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { io } from "socket.io-client";
import { executablePath, farAway, gather, launch } from "./chromium.mjs";
import { serve } from "./hooks/serve.mjs";
import { need } from "./need.mjs";
import { freePort } from "./own.mjs";
import { mint } from "./token.mjs";

const binary = process.env.REELROOM_SERVER;
const sample = process.env.REELROOM_SAMPLE;
const skip = need({ REELROOM_SERVER: binary && existsSync(binary), REELROOM_SAMPLE: sample && existsSync(sample), chromium: existsSync(executablePath) });
const frontend = fileURLToPath(new URL("../", import.meta.url));
const origins = [3000, 4200, 8080].map((port) => `http://localhost:${port}`);
const patience = 60_000;

// What npm tells the scripts that it runs would reach the npm that a test runs.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
Object.assign(env, { NEXT_TELEMETRY_DISABLED: "1", CI: "true" });

async function run(cwd, command, ...args) {
  try {
    return (await promisify(execFile)(command, args, { cwd, env, encoding: "utf8", maxBuffer: 16 << 20 })).stdout;
  } catch (cause) {
    throw new Error(`${command} ${args.join(" ")}: ${cause.message}\n${cause.stdout}`, { cause });
  }
}

/** The files of a packed package, by name. */
async function unpack(file) {
  const folder = mkdtempSync(join(dirname(file), "unpacked-"));
  await run(folder, "tar", "xzf", file);
  const names = (await run(folder, "find", "package", "-type", "f")).trim().split("\n").sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

describe("the React package", { skip, timeout: 600_000 }, () => {
  let work, server, offered;
  before(async () => {
    if (skip) return;
    work = mkdtempSync(join(tmpdir(), "reelroom-package-"));
    server = await serve(binary, join(work, "data"));
    const response = await fetch(`${server.url}/sdk/reelroom-react.tgz`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/gzip");
    offered = join(work, "offered.tgz");
    writeFileSync(offered, Buffer.from(await response.arrayBuffer()));
  });
  after(async () => {
    await server?.kill();
    if (work) rmSync(work, { recursive: true, force: true });
  });

  test("a clone that built nothing packs what the server offers, whoever packs it", async () => {
    const clone = join(work, "clone");
    const tracked = execFileSync("git", ["ls-files", "-z", ".gitignore", ".npmrc", "package.json", "packages", "conformance/package.json"], { cwd: frontend, encoding: "utf8" });
    for (const name of tracked.split("\0").filter((name) => name && existsSync(join(frontend, name)))) {
      mkdirSync(dirname(join(clone, name)), { recursive: true });
      cpSync(join(frontend, name), join(clone, name));
    }
    const here = join(clone, "packages/react");
    const manifest = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
    const name = `reelroom-react-${manifest.version}.tgz`;
    const want = await unpack(offered);
    assert.equal(JSON.parse(want.get("package/package.json")).version, manifest.version);
    assert.ok(want.size > 20, `${want.size} files`);
    const packers = {
      "npm pack": (to) => run(here, "npm", "pack", "--silent", "--pack-destination", to),
      "npm pack -w": (to) => run(clone, "npm", "pack", "--silent", "-w", "@reelroom/react", "--pack-destination", to),
      "npm pack --ignore-scripts": (to) => run(here, "npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", to),
      "pnpm pack": (to) => run(here, "npx", "--yes", "pnpm@10.17.1", "pack", "--pack-destination", to),
    };
    for (const [packer, pack] of Object.entries(packers)) {
      const to = mkdtempSync(join(work, "packed-"));
      await pack(to);
      const got = await unpack(join(to, name));
      assert.deepEqual([...got.keys()], [...want.keys()], packer);
      for (const [file, text] of want) {
        if (file === "package/package.json") assert.deepEqual(JSON.parse(got.get(file)).exports, manifest.exports, packer); // pnpm writes it anew
        else assert.equal(got.get(file), text, `${packer}: ${file}`);
      }
    }
    const published = JSON.parse(await run(here, "npm", "publish", "--dry-run", "--json", "--silent", "--tag", "next"));
    const { files } = published["@reelroom/react"] ?? published;
    assert.deepEqual(files.map(({ path }) => `package/${path}`).sort(), [...want.keys()], "npm publish");
    // A clone may also be installed as it lies, as a git dependency is.
    const app = join(work, "beside");
    mkdirSync(app);
    writeFileSync(join(app, "package.json"), "{}");
    await run(app, "npm", "install", "--no-audit", "--no-fund", "--prefer-offline", "--install-links", here, "react@19.3.1", "socket.io-client@4.8.4");
    for (const [type, load] of [["module", 'const r = await import("@reelroom/react")'], ["commonjs", 'const r = require("@reelroom/react")']]) {
      const told = await run(app, process.execPath, `--input-type=${type}`, "-e", `${load}; console.log(typeof r.useVideoLibrary, typeof r.createLibraryStore)`);
      assert.equal(told.trim(), "function function", type);
    }
  });

  test("publint and are-the-types-wrong find nothing", async () => {
    const at = (name) => join(frontend, "node_modules/.bin", name);
    await run(work, at("publint"), "--strict", offered);
    await run(work, at("attw"), offered);
    const manifest = JSON.parse((await unpack(offered)).get("package/package.json"));
    for (const field of ["license", "repository", "description", "exports", "peerDependencies"]) assert.ok(manifest[field], field);
    assert.equal(manifest.sideEffects, false);
    assert.equal(manifest.exports["./package.json"], "./package.json");
  });

  describe("in an app outside this workspace", () => {
    let browser;
    before(async () => {
      if (!skip) browser = await launch(farAway);
    });
    after(() => browser?.close());

    /** Installs the package from the server into a copy of an app, compiles the app strictly and builds it. */
    async function build(name) {
      const app = join(work, name);
      cpSync(new URL(`consumers/${name}`, import.meta.url), app, { recursive: true });
      await run(app, "npm", "install", "--no-audit", "--no-fund", "--prefer-offline", `${server.url}/sdk/reelroom-react.tgz`);
      Object.assign(env, { VITE_SERVER: server.url, NEXT_PUBLIC_SERVER: server.url });
      await run(app, "npm", "run", "build");
      return app;
    }

    /** Opens the app, which `answer` serves, at each origin, and looks whether it sees what happens. */
    async function look(answer, react) {
      for (const origin of origins) {
        const organizationId = `org-${react}-${new URL(origin).port}`;
        const token = mint(server.secret, { userId: "u", organizationId, role: "editor" }, 600);
        const context = await browser.newContext();
        const complaints = [];
        try {
          await context.addInitScript((word) => localStorage.setItem("token", word), token);
          await context.route(`${origin}/**`, answer);
          const page = await context.newPage();
          page.setDefaultTimeout(patience);
          gather(page, complaints);
          await page.goto(`${origin}/`);
          await page.getByRole("heading", { name: `React ${react}` }).waitFor();
          await page.locator("#connection").getByText("connected").waitFor();
          const form = new FormData();
          form.append("title", "from outside");
          form.append("file", new Blob([readFileSync(sample)], { type: "video/mp4" }), "sample.mp4");
          const sent = await fetch(`${server.url}/api/videos`, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: form });
          assert.equal(sent.status, 202);
          const { id } = await sent.json();
          await page.locator(`[data-video="${id}"]`).getByText("from outside: completed 100 %").waitFor();
          const friend = io(server.url, { auth: { token }, transports: ["websocket"] });
          try {
            assert.ok((await friend.timeout(20_000).emitWithAck("chat:message", { text: "hello" })).ok);
          } finally {
            friend.close();
          }
          await page.locator("#chat").getByText("hello").waitFor();
          assert.deepEqual(complaints, [], origin);
        } catch (error) {
          throw new Error(`${origin}: ${error.message}; the page says ${complaints.join(" | ") || "nothing"}`, { cause: error });
        } finally {
          await context.close();
        }
      }
    }

    test("Vite and React 18", async () => {
      const dist = join(await build("vite"), "dist");
      const types = { ".html": "text/html", ".js": "text/javascript" };
      await look((route) => {
        const file = join(dist, new URL(route.request().url()).pathname.replace(/\/$/, "/index.html"));
        return existsSync(file) ? route.fulfill({ contentType: types[extname(file)], body: readFileSync(file) }) : route.fulfill({ status: 204 });
      }, "18");
    });

    test("Next.js and React 19, rendered on its server", async (t) => {
      const app = await build("next");
      const port = await freePort();
      const next = spawn(process.execPath, ["node_modules/next/dist/bin/next", "start", "-p", String(port), "-H", "127.0.0.1"], { cwd: app, env, stdio: "ignore" });
      t.after(() => next.kill("SIGKILL"));
      const at = `http://127.0.0.1:${port}`;
      for (const end = Date.now() + patience; !(await fetch(at).then((r) => r.ok, () => false)); await new Promise((resolve) => setTimeout(resolve, 200))) {
        assert.ok(next.exitCode === null && Date.now() < end, "next does not start");
      }
      const html = await (await fetch(at)).text();
      assert.match(html, /id="query">status=/, "a server component uses the package");
      assert.match(html, /id="connection">idle/, "the hooks render on a server");
      await look(async (route) => {
        const { pathname, search } = new URL(route.request().url());
        const response = await fetch(at + pathname + search);
        return route.fulfill({ status: response.status, contentType: response.headers.get("content-type") ?? undefined, body: Buffer.from(await response.arrayBuffer()) });
      }, "19");
    });
  });
});
