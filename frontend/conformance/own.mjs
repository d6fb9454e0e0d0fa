import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The built server, for tests that start and kill their own. */
export const binary = process.env.REELROOM_SERVER;

export const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject).listen(0, "localhost", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

/** Starts a server with a folder and a secret of its own. It can be killed and started again; `end` takes everything away. */
export async function ownServer(env = {}) {
  const dir = mkdtempSync(join(tmpdir(), "reelroom-own-"));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const secret = randomBytes(32).toString("hex");
  let child;
  let log = "";
  const start = async () => {
    child = spawn(binary, { env: { PATH: process.env.PATH, HOME: dir, PORT: String(port), DATA_DIR: join(dir, "data"), JWT_SECRET: secret, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (words) => (log = (log + words).slice(-20_000)));
    const mine = child;
    for (const end = Date.now() + 120_000; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
      if (await fetch(`${url}/readyz`).then((r) => r.ok, () => false)) return;
      if (mine.exitCode !== null || Date.now() > end) throw new Error(`the server does not start: ${log}`);
    }
  };
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    url,
    secret,
    dir,
    start,
    kill,
    log: () => log,
    end: async () => {
      await kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
