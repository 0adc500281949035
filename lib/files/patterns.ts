// Patterns for names, and the order of what they match.
import { readdir } from "node:fs/promises";
import path from "node:path";

/** Compares names in natural order: logit_2 comes before logit_10. */
export const { compare: inNaturalOrder } = new Intl.Collator("en", { numeric: true });

/** Returns what matches a pattern whose wildcards stand for regular expressions. */
function matcherOf(pattern: string, wildcards: Readonly<Record<string, string>>): RegExp {
  const parts = Array.from(
    pattern,
    (character) => wildcards[character] ?? character.replace(/[\\^$.*+?()[\]{}|]/, "\\$&"),
  );
  return new RegExp(`^${parts.join("")}$`);
}

export const isColumnPattern = (pattern: string) => pattern.includes("*");

/** Returns the names that match a pattern with `*`, in natural order. */
export function namesLike(pattern: string, names: readonly string[]): string[] {
  const matcher = matcherOf(pattern, { "*": "[^]*" });
  return names.filter((name) => matcher.test(name)).sort(inNaturalOrder);
}

export const isFilePattern = (pattern: string) => /[*?]/.test(pattern);

/** Returns the entries of a folder that match one segment of a pattern; of no folder, none. */
async function entriesLike(segment: string, folder: string): Promise<string[]> {
  if (!isFilePattern(segment)) return [path.join(folder, segment)];
  const matcher = matcherOf(segment, { "*": ".*", "?": "." });
  const names = await readdir(folder === "" ? "." : folder).catch(() => []);
  return names.filter((name) => matcher.test(name)).map((name) => path.join(folder, name));
}

/** Returns the files whose names match a pattern with `*` and `?`, in natural order. */
export async function filesLike(pattern: string): Promise<string[]> {
  const { root } = path.parse(pattern);
  let found = [root];
  for (const segment of pattern.slice(root.length).split(/[\\/]/)) {
    const next = await Promise.all(found.map((folder) => entriesLike(segment, folder)));
    found = next.flat();
  }
  return found.sort(inNaturalOrder);
}

/** Whether a path is a URL such as s3://, which DuckDB reads. */
export const isRemote = (file: string) => /^\w\w+:\/\//.test(file);
