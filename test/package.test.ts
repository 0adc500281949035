import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { proseOf } from "./support/examples.js";

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

/** What prebuilds/ holds when it is published. */
const binaries = [
  "linux-x64/maxmargin.glibc.node",
  "linux-x64/maxmargin.musl.node",
  "linux-arm64/maxmargin.glibc.node",
  "linux-arm64/maxmargin.musl.node",
  "win32-x64/maxmargin.node",
  "darwin-x64/maxmargin.node",
  "darwin-arm64/maxmargin.node",
];

const require = createRequire(import.meta.url);

/** Runs a script in a process of its own, outside of vitest, and returns what it printed as JSON. */
function run(...args: string[]): unknown {
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" }));
}

describe("the package's name", () => {
  test.each(["maxmargin", "maxmargin/metrics"])(
    "gives import and require one implementation: %s",
    async (name) => {
      const imported = (await import(name)) as Record<string, unknown>;
      const required = require(name) as Record<string, unknown>;
      expect(Object.keys(imported)).toContain("Hinge");
      expect(Object.keys(imported)).toEqual(Object.keys(required).sort());
      for (const [key, value] of Object.entries(imported)) expect(value, key).toBe(required[key]);
    },
  );

  test("shares one state between import and require: floatx, automatic names, the backend", async () => {
    const imported = await import("maxmargin");
    const required = require("maxmargin") as typeof imported;
    expect(required.metrics.get(new imported.metrics.Hinge())).toBeInstanceOf(
      required.metrics.Hinge,
    );
    const [first, second] = [imported, required].map(
      ({ CategoricalHinge }) => new CategoricalHinge({ name: null }).name,
    );
    expect([first, second]).toEqual(["categorical_hinge", "categorical_hinge_1"]);
    try {
      imported.setFloatx("float64");
      required.setBackend("js");
      expect(required.floatx()).toBe("float64");
      expect(new required.Hinge().dtype).toBe("float64");
      expect(imported.backend().name).toBe("js");
    } finally {
      imported.setFloatx("float32");
      imported.setBackend("auto");
    }
  });

  test("keeps its settings if it is loaded again in the other way", () => {
    const code = `
      const { backend, setBackend } = require("maxmargin");
      setBackend("js");
      const entries = ["maxmargin", "maxmargin/metrics"];
      Promise.all(entries.map((entry) => import(entry))).then(() => console.log(JSON.stringify(backend())));
    `;
    expect(run("--input-type=commonjs", "-e", code)).toMatchObject({ name: "js" });
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
      expect(new imported.Hinge().value(ones, predictions)).toBe(loss);
      expect(new required.Hinge().value(ones, predictions)).toBe(loss);
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

  /** The files of one condition. */
  type Target = Record<"types" | "default", string>;

  const targetsOf = (conditions: object): Target[] =>
    "default" in conditions && typeof conditions.default === "string"
      ? [conditions as Target]
      : Object.values(conditions).flatMap(targetsOf);

  test("has declarations beside every entry", () => {
    const entries = [".", "./metrics", "./files", "./distributed"].flatMap((path) =>
      targetsOf(manifest.exports[path] as object),
    );
    for (const entry of [...entries, { types: manifest.types, default: manifest.main }]) {
      expect(entry.types).toBe(entry.default.replace(/(\.workerd)?\.js$/, ".d.ts"));
      expect(existsSync(`${root}${entry.default}`), entry.default).toBe(true);
      expect(existsSync(`${root}${entry.types}`), entry.types).toBe(true);
    }
    // "types" is only found where nothing before it matched.
    for (const entry of entries) expect(Object.keys(entry)[0]).toBe("types");
  });
});

describe("the loader", () => {
  test("has a require that is written out for each binary, and no other that bundlers see", () => {
    const loader = readFileSync(`${root}dist/cjs/backend/load.cjs`, "utf8");
    const required = [
      ...loader.matchAll(/"(.*)": \(\) => require\("\.\.\/\.\.\/\.\.\/prebuilds\/(.*)"\)/g),
    ];
    expect(required.map(([, name]) => name)).toEqual(binaries);
    expect(required.map(([, , file]) => file)).toEqual(binaries);
  });

  test("is not all that finds a binary: each has a subpath", () => {
    const urls = binaries.map((name) => `import.meta.resolve("maxmargin/prebuilds/${name}")`);
    const code = `console.log(JSON.stringify([${urls}]))`;
    expect(run("--input-type=module", "-e", code)).toEqual(
      binaries.map((name) => pathToFileURL(join(root, "prebuilds", name)).href),
    );
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
  ) as Array<{ size: number; files: Array<{ path: string }> }>;
  const paths = packed[0].files.map((file) => file.path);

  test("holds the compiled library, the binaries and the documents, and nothing else", () => {
    const expected = [
      /^(package\.json|LICENSE|(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md)$/,
      /^(docs\/[\w-]+|bench\/README|examples\/data\/README)\.md$/,
      /^docs\/pictures\/[\w-]+\.(svg|csv)$/,
      /^examples\/(demo\.ts|loss-curve\.svg)$/,
      /^examples\/server\/(README\.md|[\w-]+\.ts)$/,
      /^dist\/cjs\/([\w-]+\/)*[\w-]+\.(js|cjs|d\.ts|d\.cts|js\.map|cjs\.map)$/,
      /^dist\/cjs\/package\.json$/,
      /^dist\/esm\/(distributed|files|index|metrics|start)\.(js|d\.ts)$/,
      /^dist\/web\/([\w-]+\/)*[\w-]+\.js$/,
      /^dist\/web\/(index|metrics)\.(workerd\.js|d\.ts)$/,
      /^dist\/web\/(start\.workerd\.js|maxmargin\.wasm)$/,
      /^prebuilds\/(linux|darwin|win32)-(x64|arm64)\/maxmargin(\.glibc|\.musl)?\.node$/,
    ];
    expect(paths.filter((path) => !expected.some((kind) => kind.test(path)))).toEqual([]);
    expect(paths).toEqual(
      expect.arrayContaining([
        "LICENSE",
        "dist/cjs/index.d.ts",
        "dist/cjs/index.js",
        "dist/cjs/backend/load.cjs",
        "dist/cjs/package.json",
        "dist/esm/index.d.ts",
        "dist/esm/index.js",
        "dist/web/index.d.ts",
        "dist/web/index.js",
        "dist/web/index.workerd.js",
        "dist/web/maxmargin.wasm",
        "package.json",
      ]),
    );
  });

  /** The anchors of a page's headings, as hosts make them: one that exists gets a number. */
  function anchorsIn(page: string): Set<string> {
    const anchors = new Set<string>();
    for (const [, heading] of proseOf(page).matchAll(/^#+ (.*)$/gm)) {
      const words = heading.toLowerCase().replaceAll(/[^\p{L}\p{M}\p{Nd}\p{Pc}\s-]/gu, "");
      const anchor = words.replaceAll(" ", "-");
      let number = 0;
      const next = () => (number === 0 ? anchor : `${anchor}-${number}`);
      while (anchors.has(next())) number++;
      anchors.add(next());
    }
    return anchors;
  }

  test("holds every file that its pages link to, so that links work in node_modules", () => {
    const links = paths
      .filter((path) => path.endsWith(".md"))
      .flatMap((page) => {
        const targets = [...proseOf(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
        return targets.map(([, file, anchor]) => ({
          page,
          target: file === "" ? page : posix.join(dirname(page), file),
          anchor,
        }));
      });
    expect(links.filter(({ page }) => page === "README.md").length).toBeGreaterThan(10);
    expect(links.filter(({ target }) => !paths.includes(target))).toEqual([]);
    const lost = links.filter(
      ({ target, anchor }) => anchor !== undefined && !anchorsIn(target).has(anchor),
    );
    expect(lost).toEqual([]);
  });

  test("runs nothing when it is installed", () => {
    const lifecycle = ["preinstall", "install", "postinstall", "prepare", "prepublish"];
    expect(lifecycle.filter((name) => name in manifest.scripts)).toEqual([]);
    // npm would start node-gyp by itself for a package that holds a binding.gyp.
    expect(manifest.gypfile).toBe(false);
    expect(paths).not.toContain("binding.gyp");
  });

  test("is smaller than 4 MB with the binaries of all platforms", () => {
    const present = binaries.filter((name) => paths.includes(`prebuilds/${name}`));
    // A binary that this checkout lacks counts as the largest of those that it has.
    const known = ["build/Release/maxmargin.node", ...present.map((name) => `prebuilds/${name}`)];
    const largest = Math.max(...known.map((file) => gzipSync(readFileSync(root + file)).length));
    const size = packed[0].size + (binaries.length - present.length) * largest;
    expect(size).toBeGreaterThan(2_000_000);
    expect(size).toBeLessThan(4_000_000);
  });

  test("has source maps with the sources in them, as lib/ is not published", () => {
    const maps = paths.filter((path) => path.endsWith(".map"));
    const scripts = paths.filter((path) => /^dist\/cjs\/.*\.c?js$/.test(path));
    expect(maps.sort()).toEqual(scripts.map((path) => `${path}.map`).sort());
    for (const file of maps) {
      const map = JSON.parse(readFileSync(`${root}${file}`, "utf8")) as {
        sources: string[];
        sourcesContent: string[];
      };
      const sources = map.sources.map((source) => join(root, dirname(file), source));
      expect(map.sourcesContent).toEqual(sources.map((source) => readFileSync(source, "utf8")));
    }
  });

  test("is not packed while binaries are missing", () => {
    const folder = mkdtempSync(join(tmpdir(), "maxmargin-"));
    try {
      for (const part of ["scripts", "lib"]) {
        cpSync(join(root, part), join(folder, part), { recursive: true });
      }
      const check = () =>
        spawnSync(process.execPath, ["scripts/check-prebuilds.mjs"], { cwd: folder });
      const prebuilds = binaries.map((binary) => `prebuilds/${binary}`);
      for (const file of [...prebuilds, "dist/web/maxmargin.wasm"]) {
        const { status, stderr } = check();
        expect(status).toBe(1);
        expect(`${stderr}`).toContain(file);
        mkdirSync(join(folder, dirname(file)), { recursive: true });
        writeFileSync(join(folder, file), "");
      }
      expect(check().status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const last = / && node scripts\/check-prebuilds\.mjs$/;
    expect(manifest.scripts).toHaveProperty("prepack", expect.stringMatching(last));
  });

  test("does not declare sideEffects: bundlers would drop the import that applies the environment", () => {
    expect(manifest).not.toHaveProperty("sideEffects");
  });

  test("depends on nothing but bindings", () => {
    expect(manifest.dependencies).toEqual({ bindings: "1.5.0" });
  });
});
