// Runs before a tarball is packed, so that none is published which lacks a binary. Those that it needs are
// those that lib/load.cts requires.
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const loader = readFileSync("lib/load.cts", "utf8");
const required = [...loader.matchAll(/require\("\.\.\/\.\.\/(prebuilds\/.*?)"\)/g)];
const missing = required.map(([, file]) => file).filter((file) => !existsSync(file));
if (missing.length > 0) {
  console.error(`Not packed, as binaries are missing: ${missing.join(", ")}.`);
  console.error(
    "`npm run prebuild -- --all` makes them; `npm pack --ignore-scripts` does without.",
  );
  process.exit(1);
}
