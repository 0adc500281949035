// Runs before a tarball is packed, so that none is published which lacks a binary.
import { existsSync } from "node:fs";
import { platforms, prebuildOf } from "./platforms.mjs";
import { root } from "./project.mjs";

const files = [...platforms.map(prebuildOf), "dist/web/maxmargin.wasm"];
const missing = files.filter((file) => !existsSync(`${root}${file}`));
if (missing.length > 0) {
  console.error(`Not packed, as binaries are missing: ${missing.join(", ")}.`);
  console.error(
    "`npm run prebuild -- --all` makes them; `npm pack --ignore-scripts` does without.",
  );
  process.exit(1);
}
