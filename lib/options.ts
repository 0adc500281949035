import { described, unknownKey, wrongKind } from "./errors.js";

/**
 * Checks the object that holds the options of a call, or a config. Unknown keys are errors, because
 * a misspelt option would have no effect.
 *
 * Inherited keys count, because inherited values do. Symbols do not, and neither do keys that a
 * program has added to `Object.prototype`.
 *
 * @param known - the known keys; messages suggest the first one for a value in place of the object.
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

/**
 * Whether a value is a plain object or an instance of a user's class, but not an array, promise,
 * map or the like.
 */
function isRecord(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  // The fast path for small batches: most options are plain objects.
  return value.constructor === Object || prototype.toString.call(value) === "[object Object]";
}

const isOfAllObjects = (options: object, key: string) =>
  key in prototype && !Object.hasOwn(options, key);

const isTensor = (value: object) => "data" in value && ("shape" in value || "dims" in value);

/** Returns a hint at the option that a value was probably meant for. */
function hintFor(value: unknown, known: readonly string[]): string {
  const isSignal = typeof value === "object" && value !== null && "aborted" in value;
  if (isSignal) return known.includes("signal") ? "; pass { signal }" : "";
  const isValue =
    Array.isArray(value) ||
    ArrayBuffer.isView(value) ||
    ["number", "bigint", "boolean", "string"].includes(typeof value);
  return isValue ? `; pass { ${known[0]} }` : "";
}
