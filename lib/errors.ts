import { nearestOf } from "./nearest.js";

/** What a person needs to see of a value: its kind, and the value itself where it is short. */
export function described(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (value === null || typeof value !== "object") return String(value);
  const name: unknown = value.constructor?.name;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return `a ${name} of length ${(value as Uint8Array).length}`;
  }
  if (Array.isArray(value)) return `an array of length ${value.length}`;
  return typeof name === "string" && name !== "" && name !== "Object" ? `a ${name}` : "an object";
}

const message = (argument: string, expected: string, received: string) =>
  `${argument}: expected ${expected}, received ${received}`;

/** An argument of the wrong kind. `received` is a description, from {@link described} or better. */
export function wrongKind(argument: string, expected: string, received: string): TypeError {
  return new TypeError(message(argument, expected, received));
}

/** An argument of the right kind with a value that cannot be. */
export function wrongValue(argument: string, expected: string, received: string): RangeError {
  return new RangeError(message(argument, expected, received));
}

/** A key that is none of those that are known. */
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
