import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.REELROOM_URL ?? "http://localhost:5000";

export default defineConfig({
  plugins: [react()],
  resolve: {
    tsconfigPaths: true, // the hooks' sources, not their build
    dedupe: ["react", "react-dom"],
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: {
      "/api": { target: server, changeOrigin: true },
      "/healthz": { target: server, changeOrigin: true },
      "/sdk": { target: server, changeOrigin: true },
      "/socket.io": { target: server, changeOrigin: true, ws: true },
    },
  },
  build: {
    // The committed files must come out the same on every machine.
    target: "es2022",
    sourcemap: false,
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    // Under the strict content policy nothing may be inlined as a data: script or font.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // What every page needs comes in few files, not in one for each part that two pages share.
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|scheduler|wouter|use-sync-external-store)\// , priority: 3 },
            { name: "base", tags: ["$initial"], priority: 1 },
          ],
        },
      },
    },
  },
});
