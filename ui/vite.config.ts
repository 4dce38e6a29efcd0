import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compress } from "./compress.ts";
import { licencesOfFonts } from "./fonts.ts";
import { layersFirst } from "./layers.ts";

const LICENCES = "assets/licences.md";

// The server answers every address of the page with index.html, and what stands below assets/ as immutable.
export default defineConfig({
  plugins: [react(), layersFirst(), licencesOfFonts(LICENCES), compress()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../src/penstock/server/page",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the policy of the page allows no data: URL for fonts and scripts
    modulePreload: { polyfill: false },
    license: { fileName: LICENCES },
    manifest: "manifest.json",
    rolldownOptions: { checks: { pluginTimings: false } },
    target: "es2022",
  },
  worker: { format: "es" },
  server: { proxy: { "/api": "http://127.0.0.1:8123" } },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"], css: false },
});
