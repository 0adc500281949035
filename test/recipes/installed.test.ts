// The recipes of docs/recipes.md whose packages are no development dependencies.
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { run } from "../install/run.js";
import { root, runExample } from "../support/examples.js";
import { ownVersionOf, recipes, tested } from "../support/recipes.js";

const names = [...tested.keys()].filter((name) => ownVersionOf(name) === undefined);

describe.each(names)("%s", (name) => {
  let folder: string;
  let reason: string | undefined;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "maxmargin-recipe-"));
    try {
      // Scripts would download what registries do not have.
      const args = ["--ignore-scripts", "--no-audit", "--no-fund"];
      run("npm", ["install", ...args, `${name}@${tested.get(name)}`], { cwd: folder });
    } catch (error) {
      reason = `${name} cannot be installed: ${(error as Error).message}`;
      console.log(`skipped, as ${reason}`);
      return;
    }
    symlinkSync(root, join(folder, "node_modules", "maxmargin"), "junction");
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const own = recipes.filter(({ packageName }) => packageName === name);
  test.for(own)("returns what $place claims", ({ code }, { skip }) => {
    skip(reason !== undefined, reason);
    runExample(code, folder);
  });
});
