import { described, wrongKind } from "./errors.js";

/** How many names were drawn with each beginning, by losses and metrics together. */
const drawn = new Map<string, number>();

/** The name of a loss or a metric: null and "" draw the next that is free, as in Keras. */
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
