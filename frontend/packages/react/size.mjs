// Says how much the package adds to a page: all of it, minified and gzipped,
// without React and socket.io-client. Fails above the limit, and when the
// README tells another figure.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const limit = 12.2; // KB of 1000 bytes

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const built = await build({
  root: here("."),
  configFile: false,
  logLevel: "error",
  build: {
    write: false,
    target: "es2022",
    lib: { entry: here("src/index.ts"), formats: ["es"] },
    rollupOptions: { external: ["react", "socket.io-client"], output: { minify: true } },
  },
});
const { output } = Array.isArray(built) ? built[0] : built;
const code = output.map((chunk) => chunk.code ?? "").join("");
const size = gzipSync(code, { level: 9 }).length / 1000;
const told = Number(/([\d.]+) KB minified and gzipped/.exec(readFileSync(here("README.md"), "utf8"))?.[1]);

console.log(`@reelroom/react: ${size.toFixed(1)} KB minified and gzipped (${(code.length / 1000).toFixed(1)} KB before), limit ${limit} KB`);
if (size > limit) throw new Error(`more than ${limit} KB`);
if (!(Math.abs(size - told) < 0.3)) throw new Error(`the README tells ${told} KB`);
