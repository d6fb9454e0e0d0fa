// Writes dist: the ES modules and their types, and beside them, in dist/cjs, the
// same for require. dist is committed, so that a packed clone always has code.
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const compile = (...options) => execFileSync(process.execPath, [tsc, "-p", at("tsconfig.build.json"), ...options], { stdio: "inherit" });

rmSync(at("dist"), { recursive: true, force: true });
compile();
compile("--outDir", at("dist/cjs"), "--module", "commonjs", "--moduleResolution", "bundler", "--verbatimModuleSyntax", "false");
writeFileSync(at("dist/cjs/package.json"), `${JSON.stringify({ type: "commonjs", sideEffects: false })}\n`);
