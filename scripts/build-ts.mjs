// Compiles lib/ into dist. dist/cjs is the library for Node. dist/esm has modules that re-export it: `import` and `require` share
// one implementation, and with it classes, automatic names and floatx. dist/web is the library without anything of Node's, in
// ES modules. dist is emptied first: a module that was renamed must not stay behind and get published.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { root, runScript } from "./project.mjs";
import { buildWasm } from "./wasm.mjs";

const entries = ["index", "metrics"];

/** Entries that need Node: the build for browsers has none of them. */
const nodeEntries = ["files", "distributed"];

/** @param {string} config */
function compile(config) {
  // tsc says itself what is wrong. It is a script on Windows, which only a shell runs.
  const { status } = spawnSync(`tsc -p ${config}`, { shell: true, stdio: "inherit" });
  if (status !== 0) throw new Error(`tsc -p ${config}: ended with ${status}`);
}

/**
 * Returns the names that a module exports: tsc assigns to each of them. Running the module would need a binary that fits, which
 * may not be built yet, and would obey the environment of the person who builds.
 *
 * @param {string} code
 */
function namesIn(code) {
  const names = [...code.matchAll(/\bexports\.(\w+) = /g)].map(([, name]) => name);
  return [...new Set(names)].sort();
}

function writeEsm() {
  mkdirSync("dist/esm");
  // lib/start.ts says why.
  writeFileSync(
    "dist/esm/start.js",
    'import { start } from "../cjs/backend/backend.js";\n' +
      'import { compileInline } from "../cjs/backend/wasm/inline.js";\n\nstart(compileInline);\n',
  );
  for (const entry of [...entries, ...nodeEntries]) {
    const names = namesIn(readFileSync(`dist/cjs/${entry}.js`, "utf8"));
    const exported = `export { ${names.join(", ")} } from "../cjs/${entry}.js";\n`;
    writeFileSync(`dist/esm/${entry}.js`, `import "./start.js";\n\n${exported}`);
    writeFileSync(`dist/esm/${entry}.d.ts`, `export * from "../cjs/${entry}.js";\n`);
  }
}

function writeWeb() {
  compile("tsconfig.web.json");
  const modules = readdirSync("dist/web", { recursive: true, encoding: "utf8" });
  for (const file of modules.filter((file) => file.endsWith(".web.js"))) {
    renameSync(`dist/web/${file}`, `dist/web/${file.replace(/web\.js$/, "js")}`);
  }
  // workerd compiles no module at run time, but imports one that was compiled before.
  writeFileSync(
    "dist/web/start.workerd.js",
    'import { start } from "./backend/backend.js";\n' +
      'import compiled from "./maxmargin.wasm";\n\nstart(() => compiled);\n',
  );
  for (const entry of entries) {
    const code = readFileSync(`dist/web/${entry}.js`, "utf8");
    // The other entry too: it would start the library with the module in base64.
    const own = code.replace(/"\.\/(start|metrics)\.js"/g, '"./$1.workerd.js"');
    writeFileSync(`dist/web/${entry}.workerd.js`, own);
    writeFileSync(`dist/web/${entry}.d.ts`, `export * from "../cjs/${entry}.js";\n`);
  }
}

/** Writes the WebAssembly module where both builds find it. */
async function writeWasm() {
  let file;
  try {
    file = await buildWasm();
  } catch (error) {
    console.warn(`dist has no WebAssembly: ${error instanceof Error ? error.message : error}`);
    return;
  }
  copyFileSync(file, "dist/web/maxmargin.wasm");
  // In lines, because minifiers put all other code on one: Node prints the whole line of an uncaught error before its message,
  // and loses what exceeds the buffer of a pipe. They keep the lines of tagged templates only, and
  // atob skips line breaks.
  const lines = readFileSync(file)
    .toString("base64")
    .replace(/.{1,1000}/g, "\n$&");
  const text = `String.raw\`${lines}\n\``;
  writeFileSync("dist/cjs/backend/wasm/bytes.js", `exports.base64 = ${text};\n`);
  writeFileSync("dist/web/backend/wasm/bytes.js", `export const base64 = ${text};\n`);
}

async function main() {
  process.chdir(root);
  rmSync("dist", { recursive: true, force: true });
  mkdirSync("dist/cjs", { recursive: true });
  writeFileSync("dist/cjs/package.json", '{ "type": "commonjs" }\n');
  compile("tsconfig.lib.json");
  writeEsm();
  writeWeb();
  await writeWasm();
}

runScript(main);
