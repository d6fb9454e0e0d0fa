import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The hooks run in every React that the package promises. */
const withReact = (name: string, modules: string) => ({
  resolve: {
    alias: [
      { find: /^react$/, replacement: at(`${modules}/react/index.js`) },
      { find: /^react\/jsx-(dev-)?runtime$/, replacement: at(`${modules}/react/jsx-$1runtime.js`) },
      { find: /^react-dom\/client$/, replacement: at(`${modules}/react-dom/client.js`) },
    ],
  },
  test: { name, environment: "jsdom", include: ["packages/react/test/**/*.test.tsx"], testTimeout: 60_000 },
});

export default defineConfig({
  test: {
    projects: [
      { test: { name: "store", include: ["packages/react/test/**/*.test.ts"] } },
      withReact("hooks in React 19", "node_modules"),
      withReact("hooks in React 18", "packages/react/node_modules"),
      { resolve: { tsconfigPaths: true }, test: { name: "page", environment: "jsdom", include: ["src/**/*.test.ts"] } },
    ],
  },
});
