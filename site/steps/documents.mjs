// The Markdown files of the project that are pages of the site.
import { readdirSync } from "node:fs";
import path from "node:path";

const others = {
  "README.md": "readme",
  "CHANGELOG.md": "changelog",
  "CONTRIBUTING.md": "contributing",
  "SECURITY.md": "security",
  "bench/README.md": "bench",
  "examples/server/README.md": "example-server",
};

/** Returns the names of the pages of a project's documents, by the paths of the documents. */
export function documentsOf(root) {
  const guides = readdirSync(path.join(root, "docs")).filter((name) => name.endsWith(".md"));
  const names = guides.map((name) => [`docs/${name}`, path.parse(name).name]);
  return new Map([...names, ...Object.entries(others)]);
}
