// Builds the page of examples/browser for a host of static files.
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../examples/browser/", import.meta.url));

/** Builds the page into `examples/browser/` of a folder that is served as it is. */
export async function buildBenchmark(folder) {
  if (!existsSync(path.join(root, "page.js"))) {
    throw new Error(`${root} is not compiled: run \`npm run build:ts && npm run build:tools\``);
  }
  // The packages of the site are installed by now.
  const { build } = await import("vite");
  await build({
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
    },
    worker: { format: "es" },
  });
}
