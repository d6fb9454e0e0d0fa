// Packs the package as npm would publish it, and uses it as a stranger's project
// does: its types under both ways to resolve modules, and its code on a server.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const shared = join(here, "../../node_modules");
const work = mkdtempSync(join(tmpdir(), "reelroom-consumer-"));
const run = (command, args, cwd) => {
  try {
    return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  } catch (cause) {
    throw new Error(`${command} ${args.join(" ")}\n${cause.stdout}`, { cause });
  }
};
const tsc = (...args) => run(process.execPath, [join(shared, "typescript/bin/tsc"), ...args], work);

try {
  const source = join(work, "source");
  mkdirSync(source);
  for (const name of ["package.json", "README.md", "LICENSE"]) cpSync(join(here, name), join(source, name));
  tsc("-p", join(here, "tsconfig.build.json"), "--outDir", join(source, "dist"));
  const [{ files, filename, size }] = JSON.parse(run("npm", ["pack", "--json", "--silent", "--ignore-scripts", "--pack-destination", work], source));
  const strange = files.map(({ path }) => path).filter((path) => !/^(package\.json|README\.md|LICENSE|dist\/\w+\.(js|d\.ts))$/.test(path));
  if (strange.length > 0 || !files.some(({ path }) => path === "dist/index.d.ts")) throw new Error(`the package would hold ${files.map(({ path }) => path).join(" ")}`);

  const installed = join(work, "node_modules/@reelroom/react");
  mkdirSync(installed, { recursive: true });
  mkdirSync(join(work, "node_modules/@types"));
  run("tar", ["xzf", join(work, filename), "--strip-components=1", "-C", installed], work);
  for (const name of ["react", "react-dom", "scheduler"]) symlinkSync(join(here, "node_modules", name), join(work, "node_modules", name));
  for (const name of ["socket.io-client", "@types/react", "csstype"]) symlinkSync(join(shared, name), join(work, "node_modules", name));

  writeFileSync(join(work, "package.json"), '{ "type": "module" }');
  writeFileSync(
    join(work, "app.tsx"),
    `import { createLibraryStore, ReelroomProvider, useJobProgress, useVideoLibrary, type VideoDocument } from "@reelroom/react";
import { io } from "socket.io-client";
const store = createLibraryStore({ socket: io("http://localhost:1", { autoConnect: false }), token: async () => "t" });
store.on("chat:message", ({ text }, cursor) => void [text.length, cursor.length]);
function List() {
  const { videos } = useVideoLibrary({ status: ["queued"], sort: "-size" });
  // @ts-expect-error there is no such order
  useVideoLibrary({ sort: "colour" });
  const first: VideoDocument | undefined = videos[0];
  return <p>{first?.title} {useJobProgress(first?.id)?.pct}</p>;
}
export const app = <ReelroomProvider value={store}><List /></ReelroomProvider>;
`,
  );
  for (const [module, resolution] of [["esnext", "bundler"], ["node16", "node16"]]) {
    const compilerOptions = { noEmit: true, strict: true, skipLibCheck: false, jsx: "react-jsx", target: "es2022", types: [], module, moduleResolution: resolution };
    writeFileSync(join(work, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["app.tsx"] }));
    tsc("-p", work);
  }
  writeFileSync(
    join(work, "server.mjs"),
    `import { createElement as h } from "react";
import { renderToString } from "react-dom/server";
import { createLibraryStore, useConnection, useVideoLibrary } from "@reelroom/react";
const store = createLibraryStore({ url: "http://localhost:1", fetch: () => { throw new Error("asked"); } });
const App = () => h("p", null, useVideoLibrary({}, store).state, " ", useConnection(store).state);
console.log(renderToString(h(App)));
`,
  );
  const html = run(process.execPath, ["server.mjs"], work);
  if (!html.includes("idle<!-- --> <!-- -->idle")) throw new Error(`on a server it renders ${html}`);
  console.log(`@reelroom/react: ${files.length} files, ${(size / 1000).toFixed(1)} KB packed; types hold under bundler and node16; renders on a server`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
