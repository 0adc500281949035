// The recipes of docs/recipes.md. Here those run whose packages are development dependencies; `npm run test:recipes`
// installs the other packages, and runs the other ones.
import { describe, expect, test } from "vitest";
import { prepared, runExample } from "./support/examples.js";
import { ownVersionOf, recipes, tested } from "./support/recipes.js";

test("every package of the table has a recipe with a claim, and no other has", () => {
  expect(new Set(recipes.map(({ packageName }) => packageName))).toEqual(new Set(tested.keys()));
  for (const { code, place } of recipes) expect(prepared(code).claims, place).not.toEqual([]);
});

describe("with a development dependency", () => {
  const own = recipes.filter(({ packageName }) => ownVersionOf(packageName) !== undefined);

  test("there are recipes, whose versions are those of the table", () => {
    expect(own.length).toBeGreaterThan(2);
    for (const { packageName } of own) {
      expect(tested.get(packageName), packageName).toBe(ownVersionOf(packageName));
    }
  });

  test.each(own)("$packageName returns what $place claims", ({ code }) => runExample(code));
});
