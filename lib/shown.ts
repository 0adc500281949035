import type { InspectOptions } from "node:util";

/**
 * The method that `console.log` calls to show an object, because it ignores getters and private
 * fields.
 */
export const inspectCustom: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** Arguments of that method. */
export type InspectArguments = [
  depth: number,
  options: InspectOptions,
  inspect: (value: unknown, options: InspectOptions) => string,
];

/** Formats an instance of a class like `console.log`, with `properties` before its own ones. */
export function shown(
  object: object,
  properties: object,
  [depth, options, inspect]: InspectArguments,
): string {
  const { name } = object.constructor;
  if (depth < 0) return `[${name}]`;
  return `${name} ${inspect({ ...properties, ...object }, options)}`;
}
