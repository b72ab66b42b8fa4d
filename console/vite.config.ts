import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    outDir: "../src/plainview/web/static",
    emptyOutDir: true,
    target: "es2022",
    // The content security policy refuses inline scripts and data: scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // MapLibre alone is larger than the default; it is loaded only where a map is shown.
    chunkSizeWarningLimit: 1500,
    reportCompressedSize: false,
    // How long the bundler's own plugins took on a busy machine is nobody's concern.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  worker: { format: "es" },
  // Names of kinds and quantities are a file of the server, beside what says them there.
  server: { proxy: { "/api": "http://127.0.0.1:8765" }, fs: { allow: [".", "../src/plainview/alerts"] } },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
