// Recipes, which are examples with another library, and the packages that they import.
import { readFileSync } from "node:fs";
import { type Example, examplesOf, root } from "./examples.js";

export interface Recipe extends Example {
  readonly packageName: string;
}

/** The pages that have recipes. */
export const recipePages = ["docs/recipes.md", "docs/migrating.md"];

/** The versions in the table of the first page. */
export const tested = new Map(
  [
    ...readFileSync(`${root}${recipePages[0]}`, "utf8").matchAll(
      /^\| \[(.*?)\]\(#.*?\) \| (\S+) \|/gm,
    ),
  ].map(([, name, version]) => [name, version] as const),
);

const examples = recipePages.flatMap((page) => examplesOf(page, "js"));

export const recipes: readonly Recipe[] = examples.map((example) => {
  const imported = [...example.code.matchAll(/ from "(.*)";$/gm)].map(([, name]) => name);
  const others = new Set(imported.filter((name) => name !== "maxmargin"));
  const [packageName] = others;
  if (others.size !== 1) throw new Error(`${example.place}: expected one package beside maxmargin`);
  return { ...example, packageName };
});

const { devDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  devDependencies: Readonly<Record<string, string>>;
};

/** Packages that are too large to be development dependencies have no version. */
export const ownVersionOf = (packageName: string): string | undefined =>
  devDependencies[packageName];
