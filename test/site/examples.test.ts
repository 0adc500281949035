// Every example on pages that only the site has.
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { examplesOf, root, runExample } from "../support/examples.js";

const files = ["site/content", "site/api"].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:md|ts)$/.test(name))
    .map((name) => `${folder}/${name}`),
);
const examples = files.flatMap((file) => examplesOf(file));

describe("examples", () => {
  test.each(examples)("$place returns the values that it claims", ({ code }) => runExample(code));

  test("are found", () => {
    const found = new Set(examples.map(({ place }) => place.replace(/:\d+$/, "")));
    expect(found).toContain("site/content/index.md");
    expect(found).toContain("site/api/wasm/wasm.ts");
  });
});
