// The site is built once for all tests of it.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export function setup(): void {
  const build = fileURLToPath(new URL("../../site/build.mjs", import.meta.url));
  execFileSync(process.execPath, [build], { stdio: "inherit" });
}
