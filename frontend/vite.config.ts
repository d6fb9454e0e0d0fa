import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.REELROOM_URL ?? "http://localhost:5000";

export default defineConfig({
  plugins: [react()],
  resolve: {
    conditions: ["reelroom-source", "module", "browser", "development|production"],
    dedupe: ["react", "react-dom"],
  },
  server: {
    port: 5173,
    strictPort: true,
    proxy: {
      "/api": { target: server, changeOrigin: true },
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
  },
});
