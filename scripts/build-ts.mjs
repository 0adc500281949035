// Compiles lib/ into dist/cjs, and writes modules into dist/esm that re-export it: `import` and `require` share one
// implementation, and with it classes, automatic names and floatx. dist is emptied first: a module that was renamed
// must not stay behind and get published.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
rmSync("dist", { recursive: true, force: true });
mkdirSync("dist/cjs", { recursive: true });
writeFileSync("dist/cjs/package.json", '{ "type": "commonjs" }\n');
// tsc says itself what is wrong. It is a script on Windows, which only a shell runs.
const { status } = spawnSync("tsc -p tsconfig.lib.json", { shell: true, stdio: "inherit" });
if (status !== 0) process.exit(1);

mkdirSync("dist/esm");
// lib/start.ts says why.
const start =
  'import { obeyEnvironment } from "../cjs/backend/backend.js";\n\nobeyEnvironment();\n';
writeFileSync("dist/esm/start.js", start);
for (const entry of ["index", "metrics"]) {
  const names = namesIn(readFileSync(`dist/cjs/${entry}.js`, "utf8"));
  const exported = `export { ${names.join(", ")} } from "../cjs/${entry}.js";\n`;
  writeFileSync(`dist/esm/${entry}.js`, `import "./start.js";\n\n${exported}`);
  writeFileSync(`dist/esm/${entry}.d.ts`, `export * from "../cjs/${entry}.js";\n`);
}

/**
 * Returns the names that a module exports: tsc assigns to each of them. Running the module would need a binary that fits, which
 * may not be built yet, and would obey the environment of the person who builds.
 */
function namesIn(code) {
  const names = [...code.matchAll(/\bexports\.(\w+) = /g)].map(([, name]) => name);
  return [...new Set(names)].sort();
}
