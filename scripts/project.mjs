// Where things are, and how scripts run other programs.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../", import.meta.url));

/** What scripts download and build on the way: git ignores it, and `npm ci` clears it away. */
export const cache = `${root}node_modules/.cache/maxmargin`;

/**
 * Runs a program with its output in sight, and throws if it fails.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export function run(program, args, { cwd = root, env = {} } = {}) {
  const { status, error } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: "inherit",
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ended with ${status}`);
}

/**
 * The items of these names.
 *
 * @template {{ name: string }} Item
 * @param {string} kind - what messages call an item
 * @param {readonly Item[]} items
 * @param {readonly string[]} names
 */
export function itemsCalled(kind, items, names) {
  return names.map((name) => {
    const found = items.find((item) => item.name === name);
    if (found === undefined) {
      const known = items.map((item) => item.name).join(", ");
      throw new RangeError(`${kind}: expected one of ${known}, received ${name}`);
    }
    return found;
  });
}

/** @param {() => unknown} main - whose errors are for the person who started the script */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
