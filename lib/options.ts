import { described, unknownKey, wrongKind } from "./errors.js";

/**
 * Checks the object that holds the options of a call, or a config: it may have no keys but the `known` ones, as
 * an option that is misspelt would have no effect.
 *
 * Inherited keys count, because inherited values do. Symbols name no option, and neither does what a program has
 * added to the prototype of all objects.
 *
 * @param known - the keys; the first is the one that a value in place of the object may be meant for.
 * @param argument - its name in messages.
 */
export function checkOptions(
  options: unknown,
  known: readonly string[],
  argument = "options",
): asserts options is object {
  if (!isRecord(options)) {
    throw wrongKind(argument, "an object", described(options) + hintFor(options, known));
  }
  for (const key in options) {
    if (known.includes(key) || isOfAllObjects(options, key)) continue;
    if (isTensor(options)) {
      throw wrongKind(argument, "an object", `a tensor; pass { ${known[0]} }`);
    }
    throw unknownKey(argument, key, known);
  }
}

const { prototype } = Object;

/** Whether a value is an object with properties of its own choice, and no array, promise, map or the like. */
function isRecord(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  // Most options are plain objects, and small batches are in a hurry.
  return value.constructor === Object || prototype.toString.call(value) === "[object Object]";
}

const isOfAllObjects = (options: object, key: string) =>
  key in prototype && !Object.hasOwn(options, key);

const isTensor = (value: object) => "data" in value && ("shape" in value || "dims" in value);

/** The option that a value was likely meant for. */
function hintFor(value: unknown, known: readonly string[]): string {
  const isSignal = typeof value === "object" && value !== null && "aborted" in value;
  if (isSignal) return known.includes("signal") ? "; pass { signal }" : "";
  const isValue =
    Array.isArray(value) ||
    ArrayBuffer.isView(value) ||
    ["number", "bigint", "boolean", "string"].includes(typeof value);
  return isValue ? `; pass { ${known[0]} }` : "";
}
