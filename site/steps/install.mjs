import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const packagesOf = (lockfile) => JSON.parse(readFileSync(lockfile, "utf8")).packages;

/** Returns whether the packages of a folder are those of its lockfile. */
export function isInstalled(folder) {
  const installed = path.join(folder, "node_modules/.package-lock.json");
  if (!existsSync(installed)) return false;
  const own = packagesOf(installed);
  const { "": _, ...locked } = packagesOf(path.join(folder, "package-lock.json"));
  return Object.entries(locked).every(([name, { version, optional }]) =>
    name in own ? own[name].version === version : optional === true,
  );
}

/** Installs the packages of a folder, if they are missing or out of date. */
export function install(folder) {
  if (isInstalled(folder)) return;
  const { status } = spawnSync("npm ci", { cwd: folder, shell: true, stdio: "inherit" });
  if (status !== 0 || !isInstalled(folder)) {
    throw new Error(`The packages of the site could not be installed: run \`npm ci\` in ${folder}`);
  }
}
