// Builds the page of examples/browser for a host of static files.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("../../examples/browser/", import.meta.url));

/**
 * Builds the page into `examples/browser/` of a folder that is served as it is. The library and the
 * page's scripts have to be built: `npm run build && npm run build:tools`.
 */
export const buildBenchmark = (folder) =>
  build({
    configFile: false,
    root,
    base: "./",
    logLevel: "warn",
    build: {
      outDir: path.join(folder, "examples/browser"),
      emptyOutDir: true,
      target: "es2022",
      // The page's policy allows neither inline scripts nor pictures in data URLs.
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      // The library holds its WebAssembly.
      chunkSizeWarningLimit: 1000,
    },
    worker: { format: "es" },
  });
