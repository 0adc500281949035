import type { InspectOptions } from "node:util";

/** The method that `console.log` asks for what to show of an object. Getters and private fields it does not see. */
export const inspectCustom: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** Arguments of that method. */
export type InspectArguments = [
  depth: number,
  options: InspectOptions,
  inspect: (value: unknown, options: InspectOptions) => string,
];

/** An object of a class as `console.log` shows others: with properties, before its own ones. */
export function shown(
  object: object,
  properties: object,
  [depth, options, inspect]: InspectArguments,
): string {
  const { name } = object.constructor;
  if (depth < 0) return `[${name}]`;
  return `${name} ${inspect({ ...properties, ...object }, options)}`;
}
