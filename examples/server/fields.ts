import { badRequest } from "./refusal.js";

export type Fields = Readonly<Record<string, unknown>>;

/** Parses JSON; `name` says what it is in the error. */
export function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`${name}: ${(error as SyntaxError).message}`);
  }
}

/** Refuses names that would otherwise be ignored. */
export function checkNames(received: Iterable<string>, known: readonly string[]): void {
  for (const name of received) {
    if (known.includes(name)) continue;
    throw badRequest(
      `unknown name ${JSON.stringify(name)}; expected ${known.join(", ") || "none"}`,
    );
  }
}

const isObject = (value: unknown) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function asObject(value: unknown, name: string): Fields {
  if (isObject(value)) return value as Fields;
  throw badRequest(`${name}: expected an object`);
}

/**
 * Returns the options of a loss. Objects in them are refused: the library would read one with strides
 * as an array, and a few bytes can claim a huge one.
 */
export function asOptions(value: unknown): Fields {
  const options = asObject(value, "options");
  const [name] = Object.keys(options).filter((key) => isObject(options[key]));
  if (name !== undefined) throw badRequest(`options.${name}: expected no object`);
  return options;
}
