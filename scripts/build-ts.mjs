// Compiles lib/ twice, into dist/esm and dist/cjs. dist is emptied first: a module that was renamed
// must not stay behind and get published.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
rmSync("dist", { recursive: true, force: true });
mkdirSync("dist/cjs", { recursive: true });
writeFileSync("dist/cjs/package.json", '{ "type": "commonjs" }\n');
for (const format of ["esm", "cjs"]) {
  // tsc says itself what is wrong. It is a script on Windows, which only a shell runs.
  const { status } = spawnSync(`tsc -p tsconfig.${format}.json`, { shell: true, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}
