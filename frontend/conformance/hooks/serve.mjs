// A server of one's own, which may be killed and started again on what it has
// written down; and apps built for a browser.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { build } from "vite";

const frontend = fileURLToPath(new URL("../../", import.meta.url));

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "localhost", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Starts the built server on a folder. kill ends it as a power cut would; start brings it back on the same port. */
export async function serve(binary, folder) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  let child;
  let log = "";
  const start = async () => {
    const mine = (child = spawn(binary, [], { env: { ...process.env, PORT: String(port), DATA_DIR: folder, PUBLIC_URL: url }, stdio: ["ignore", "pipe", "pipe"] }));
    for (const out of [mine.stdout, mine.stderr]) out.on("data", (data) => (log = (log + data).slice(-20_000)));
    for (const end = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
      const ready = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
      if (ready?.ok) return;
      if (mine.exitCode !== null || Date.now() > end) throw new Error(`the server does not start:\n${log}`);
    }
  };
  const kill = async () => {
    const mine = child;
    if (!mine || mine.exitCode !== null || mine.signalCode !== null) return;
    const gone = new Promise((resolve) => mine.once("exit", resolve));
    mine.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    url,
    secret: readFileSync(`${folder}/jwt-secret`, "utf8").trim(),
    // The link of the local admin that is good now, and the code that founds the first organization.
    link: () => readFileSync(`${folder}/local-link`, "utf8").trim(),
    setupCode: () => /setup code is (\S+)/.exec(log)?.[1],
    log: () => log,
    start,
    kill,
  };
}

/** The React of a version: that of the page, or the older one of the package's own tests. */
const modules = { 18: `${frontend}packages/react/node_modules`, 19: `${frontend}node_modules` };

/** Builds an app, from its entry, into one script, with the package as it is built. */
export async function bundle(entry, server, version = 19) {
  const at = (name) => ({ find: new RegExp(`^${name}(?=/|$)`), replacement: `${modules[version]}/${name}` });
  const { output } = await build({
    root: frontend,
    configFile: false,
    logLevel: "error",
    plugins: [react()],
    define: { "import.meta.env.VITE_SERVER": JSON.stringify(server), "process.env.NODE_ENV": '"development"' },
    resolve: { alias: [at("react"), at("react-dom")], conditions: ["module", "browser", "development"] },
    build: { write: false, minify: false, lib: { entry: fileURLToPath(new URL(entry, import.meta.url)), formats: ["iife"], name: "app", fileName: "app" } },
  }).then((result) => (Array.isArray(result) ? result[0] : result));
  return output.find(({ type }) => type === "chunk").code;
}

/** Where a developer's page stands, which the server lets in. */
export const origin = "http://localhost:5173";

/** Opens an app in a browser of its own. */
export async function openApp(browser, script, token) {
  const context = await browser.newContext();
  await context.addInitScript((word) => localStorage.setItem("token", word), token);
  await context.route(`${origin}/**`, (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/app.js") return route.fulfill({ contentType: "text/javascript", body: script });
    if (pathname === "/") return route.fulfill({ contentType: "text/html", body: '<!doctype html><div id="root"></div><script src="/app.js"></script>' });
    return route.fulfill({ status: 404 });
  });
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  await page.goto(`${origin}/`);
  return page;
}
