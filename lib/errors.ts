import { nearestOf } from "./nearest.js";
import { kindOf, lengthOf, type TypedArray } from "./typed-arrays.js";

/** Adds the article to a noun, by the sound of most names: "an Int8Array", "a Uint8Array". */
export const withArticle = (noun: string) => `${/^[aeio]/i.test(noun) ? "an" : "a"} ${noun}`;

/** Describes a value for a message: its kind, and the value itself if it is short. */
export function described(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (value === null || typeof value !== "object") return String(value);
  const name: unknown = value.constructor?.name;
  if (kindOf(value) !== undefined) {
    return `${withArticle(String(name))} of length ${lengthOf(value as TypedArray)}`;
  }
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  return typeof name === "string" && name !== "" && name !== "Object"
    ? withArticle(name)
    : "an object";
}
const message = (argument: string, expected: string, received: string) =>
  `${argument}: expected ${expected}, received ${received}`;

/**
 * Returns the error for an argument of the wrong kind. `received` is a description, from
 * {@link described} or better.
 */
export function wrongKind(argument: string, expected: string, received: string): TypeError {
  return new TypeError(message(argument, expected, received));
}

/** Returns the error for an argument of the right kind with an invalid value. */
export function wrongValue(argument: string, expected: string, received: string): RangeError {
  return new RangeError(message(argument, expected, received));
}

/** Returns the error for an unknown key, which suggests the nearest known one. */
export function unknownKey(argument: string, key: string, known: readonly string[]): TypeError {
  const nearest = nearestOf(key, known);
  const advice =
    nearest === undefined ? `expected ${oneOf(known)}` : `did you mean ${JSON.stringify(nearest)}?`;
  return new TypeError(`${argument}: unknown key ${JSON.stringify(key)}; ${advice}`);
}

/** `"a", "b" or "c"` */
export function oneOf(names: readonly (string | null)[]): string {
  const quoted = names.map((name) => (name === null ? "null" : JSON.stringify(name)));
  const last = quoted.pop();
  return quoted.length === 0 ? `${last}` : `${quoted.join(", ")} or ${last}`;
}

/**
 * Returns the error for an argument that cannot be read at all. `remedy` says what to write
 * instead.
 */
export function unreadable(argument: string, received: string, remedy: string): TypeError {
  return new TypeError(`${argument}: received ${received}; ${remedy}`);
}
