// The order of the pages. Their titles are their first headings.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** The names of pages, without those of the reference. */
const guides = {
  "": ["start"],
  Losses: ["losses", "labels", "weights", "dtypes", "gradients", "metrics"],
  "Data and servers": ["async", "files", "distributed", "browsers", "recipes", "example-server"],
  Speed: ["performance", "playground", "benchmark", "bench"],
  Installing: ["install", "platforms", "migrating"],
  Rules: ["semantics", "numeric-contract", "security"],
  Project: ["readme", "changelog", "contributing"],
};

/** The topics of site/api/, by entry point. */
const reference = {
  maxmargin: [
    "hinge",
    "squared-hinge",
    "modified-huber",
    "categorical-hinge",
    "crammer-singer",
    "weston-watkins",
    "loss",
    "functions",
    "options",
    "tensors",
    "dtypes",
    "async",
    "partial",
    "registry",
    "backends",
  ],
  metrics: ["losses", "metric", "registry"],
  files: ["evaluate", "results", "summary", "shards", "batches", "errors"],
  distributed: ["distribute", "worker"],
  wasm: ["wasm"],
};

/** The name of an entry point, in which `entry` is its folder in site/api/. */
export const importName = (entry) => (entry === "maxmargin" ? entry : `maxmargin/${entry}`);

function readPage(folder, name) {
  const file = path.join(folder, `${name}.md`);
  if (!existsSync(file)) throw new Error(`The navigation has a page ${name}, which does not exist`);
  const text = readFileSync(file, "utf8");
  const [, title] = /^# (.+?)(?: \{#.*\})?$/m.exec(text) ?? [];
  if (title === undefined) throw new Error(`${file} has no title: a line that begins with "# "`);
  return { text: title.replaceAll("`", ""), link: `/${name}` };
}

/** Checks that every page of a folder is in the navigation. */
function checkNames(folder, names) {
  for (const file of readdirSync(folder).filter((each) => each.endsWith(".md"))) {
    const { name } = path.parse(file);
    if (name !== "index" && !names.includes(name)) {
      throw new Error(`${path.join(folder, file)} is missing in site/navigation.mjs`);
    }
  }
}

/** Returns the guides in groups, as VitePress shows them. */
export function guidesIn(folder) {
  checkNames(folder, Object.values(guides).flat());
  return Object.entries(guides).map(([text, names]) => ({
    ...(text !== "" && { text }),
    items: names.map((name) => readPage(folder, name)),
  }));
}

/** Returns the topics of the reference in groups. */
export function referenceIn(folder) {
  return Object.entries(reference).map(([entry, names]) => {
    checkNames(path.join(folder, "api", entry), names);
    return {
      text: importName(entry),
      items: names.map((name) => readPage(folder, `api/${entry}/${name}`)),
    };
  });
}
