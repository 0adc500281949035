// How the parts of the native code depend on each other, and that they stay small.
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
