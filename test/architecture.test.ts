// How the parts of the code depend on each other, and that they stay small.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../native/", import.meta.url));

/** The folders of native/, each of which may include itself and those before it. Files beside them come first. */
const rooms = ["", "simd", "losses", "kernels", "platform", "isa", "engine", "binding"];

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) =>
  /\.(h|cpp|inc)$/.test(file),
);

const textOf = (file: string) => readFileSync(path.join(root, file), "utf8");
const roomOf = (file: string) => (file.includes("/") ? (file.split("/")[0] as string) : "");

/** The files that a file includes, each as a path in native/: beside it, or from there. */
function includesOf(file: string): string[] {
  return [...textOf(file).matchAll(/^#include "(.+)"$/gm)].map(([, name]) => {
    const beside = path.join(path.dirname(file), name as string);
    return files.includes(beside) ? beside : (name as string);
  });
}

describe("native/", () => {
  test("has no folder but the known ones", () => {
    expect([...new Set(files.map(roomOf))].sort()).toEqual([...rooms].sort());
  });

  test.each(files)("%s includes what is there, and only downwards", (file) => {
    for (const included of includesOf(file)) {
      expect(files).toContain(included);
      const [from, to] = [file, included].map((name) => rooms.indexOf(roomOf(name)));
      expect({ included, isBelow: (to as number) <= (from as number) }).toEqual({
        included,
        isBelow: true,
      });
    }
  });

  test("has no file of much more than 400 lines", () => {
    const long = files.filter((file) => textOf(file).split("\n").length > 420);
    expect(long).toEqual([]);
  });
});

describe("lib/", () => {
  const lib = fileURLToPath(new URL("../lib/", import.meta.url));
  const modules = readdirSync(lib, { recursive: true, encoding: "utf8" }).filter((file) =>
    /\.c?ts$/.test(file),
  );

  /** Folders and files, each of which may import itself and those before it. */
  const layers = [
    ["surroundings.ts", "surroundings.web.ts", "typed-arrays.ts"],
    ["errors.ts", "names.ts", "nearest.ts", "options.ts", "shown.ts", "version.ts"],
    ["tensor/"],
    ["losses/spec.ts"],
    ["backend/"],
    ["evaluate/"],
    ["metrics/"],
    ["losses/"],
    ["registry/"],
    ["index.ts", "metrics.ts", "start.ts"],
    ["files/"],
    ["report/"],
    ["files.ts"],
    ["distributed/"],
    ["distributed.ts"],
    ["cli/"],
  ];

  /** The layer of a module: the first one that names its file or folder. */
  const layerOf = (file: string) =>
    layers.findIndex((layer) =>
      layer.some((part) => (part.endsWith("/") ? file.startsWith(part) : file === part)),
    );

  const importsOf = (file: string) =>
    [...readFileSync(path.join(lib, file), "utf8").matchAll(/ (?:from|require\() ?"(\..+)"/g)]
      .map(([, name]) => path.join(path.dirname(file), (name as string).replace(/js$/, "ts")))
      // The loader also requires binaries.
      .filter((name) => !name.endsWith(".node"));

  test("has modules in known places alone", () => {
    expect(modules.filter((file) => layerOf(file) < 0)).toEqual([]);
  });

  test.each(modules)("%s imports nothing from above", (file) => {
    const above = importsOf(file).filter((imported) => !(layerOf(imported) <= layerOf(file)));
    expect(above).toEqual([]);
  });

  test("has modules that import each other in no circle", () => {
    const done = new Set<string>();
    const visit = (file: string, from: readonly string[]): void => {
      expect(from, `${file} imports itself by way of others`).not.toContain(file);
      if (done.has(file)) return;
      for (const imported of importsOf(file)) visit(imported, [...from, file]);
      done.add(file);
    };
    for (const file of modules) visit(file, []);
  });

  test("has no file of much more than 400 lines", () => {
    const linesOf = (file: string) => readFileSync(path.join(lib, file), "utf8").split("\n").length;
    expect(modules.filter((file) => linesOf(file) > 420)).toEqual([]);
  });
});
