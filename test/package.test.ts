import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  main: string;
  types: string;
  exports: Record<string, unknown>;
  files: string[];
  gypfile: boolean;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
};

const require = createRequire(import.meta.url);

function names(module: object): string[] {
  // "module.exports" is a name that newer versions of Node add to a CommonJS module's namespace.
  return Object.keys(module)
    .filter((name) => !["default", "module.exports", "__esModule"].includes(name))
    .sort();
}

/** Runs a script in a process of its own, outside of vitest, and returns what it printed as JSON. */
function run(...args: string[]): unknown {
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" }));
}

describe("the package's name", () => {
  test("resolves for import and for require, with the same exports", async () => {
    const imported = (await import("maxmargin")) as object;
    const required = require("maxmargin") as object;
    expect(names(imported)).not.toEqual([]);
    expect(names(imported)).toEqual(names(required));
    expect(require.resolve("maxmargin")).toBe(require.resolve("../dist/cjs/index.js"));
  });

  test("computes for import and for require at once", async () => {
    const imported = await import("maxmargin");
    const required = require("maxmargin") as typeof imported;
    const ones = new Float32Array(100).fill(1);
    for (const [prediction, loss] of [
      [0, 1],
      [-1, 2],
      [0.25, 0.75],
    ]) {
      const predictions = new Float32Array(100).fill(prediction);
      expect(new imported.Hinge().apply(ones, predictions)).toBe(loss);
      expect(new required.Hinge().apply(ones, predictions)).toBe(loss);
    }
  });

  test("resolves in plain Node processes, with the same exports", () => {
    const print = "console.log(JSON.stringify({ names: Object.keys(m), file }))";
    const imported = run(
      "--input-type=module",
      "-e",
      `const m = await import("maxmargin"), file = import.meta.resolve("maxmargin"); ${print}`,
    ) as { names: string[]; file: string };
    const required = run(
      "--input-type=commonjs",
      "-e",
      `const m = require("maxmargin"), file = require.resolve("maxmargin"); ${print}`,
    ) as { names: string[]; file: string };
    expect(imported.names).not.toEqual([]);
    expect(imported.names.sort()).toEqual(required.names.sort());
    expect(imported.file).toMatch(/\/dist\/esm\/index\.js$/);
    expect(required.file.replaceAll("\\", "/")).toMatch(/\/dist\/cjs\/index\.js$/);
  });

  test("has declarations beside every entry", () => {
    const entries = Object.values(manifest.exports["."] as object) as Array<
      Record<"types" | "default", string>
    >;
    for (const entry of [...entries, { types: manifest.types, default: manifest.main }]) {
      expect(entry.types).toBe(entry.default.replace(/\.js$/, ".d.ts"));
      expect(existsSync(`${root}${entry.default}`), entry.default).toBe(true);
      expect(existsSync(`${root}${entry.types}`), entry.types).toBe(true);
    }
    // "types" is only found where nothing before it matched.
    for (const entry of entries) expect(Object.keys(entry)[0]).toBe("types");
  });
});

describe("the published package", () => {
  const packed = JSON.parse(
    // npm is a script on Windows, which only a shell runs. --ignore-scripts: no build in here.
    execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: root,
      encoding: "utf8",
      shell: process.platform === "win32",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  ) as Array<{ files: Array<{ path: string }> }>;
  const paths = packed[0].files.map((file) => file.path);

  test("holds the compiled library, the binaries and the documents, and nothing else", () => {
    const expected = [
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
      /^dist\/(esm|cjs)\/([\w-]+\/)*[\w-]+\.(js|cjs|d\.ts|d\.cts|js\.map|cjs\.map)$/,
      /^dist\/cjs\/package\.json$/,
      /^prebuilds\/[\w+-]+\/[\w.+-]+\.node$/,
    ];
    expect(paths.filter((path) => !expected.some((kind) => kind.test(path)))).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining([
        "LICENSE",
        "dist/cjs/index.d.ts",
        "dist/cjs/index.js",
        "dist/cjs/load.cjs",
        "dist/cjs/package.json",
        "dist/esm/index.d.ts",
        "dist/esm/index.js",
        "dist/esm/load.cjs",
        "package.json",
      ]),
    );
  });

  test("runs nothing when it is installed", () => {
    const lifecycle = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
    expect(lifecycle.filter((name) => name in manifest.scripts)).toEqual([]);
    // npm would start node-gyp by itself for a package that holds a binding.gyp.
    expect(manifest.gypfile).toBe(false);
    expect(paths).not.toContain("binding.gyp");
  });

  test("depends on nothing but bindings", () => {
    expect(manifest.dependencies).toEqual({ bindings: "1.5.0" });
  });
});
