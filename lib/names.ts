import { described, wrongKind } from "./errors.js";

/** How many automatic names each default name has produced, for losses and metrics together. */
const drawn = new Map<string, number>();

/** Returns the name of a loss or a metric: null and "" draw the next free one, as in Keras. */
export function nameOf(name: unknown, defaultName: string): string {
  if (name === undefined) return defaultName;
  if (name === null || name === "") {
    const before = drawn.get(defaultName) ?? 0;
    drawn.set(defaultName, before + 1);
    return before === 0 ? defaultName : `${defaultName}_${before}`;
  }
  if (typeof name !== "string") throw wrongKind("name", "a string or null", described(name));
  return name;
}
