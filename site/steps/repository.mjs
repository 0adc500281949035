import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./paths.mjs";

const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));

/** The URL of the repository, for links to sources; undefined if package.json has none. */
export const repository = manifest.repository?.url.replace(/^git\+|\.git$/g, "");
