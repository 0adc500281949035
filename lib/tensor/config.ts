import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import type { FloatDtype } from "./dtypes.js";

/** A dtype to compute in, or the name of a Keras policy that computes in one. */
export type DtypePolicy = FloatDtype | "mixed_float16" | "mixed_bfloat16";

/** The dtype that a policy computes in. */
export type ComputeDtype<P extends DtypePolicy> = P extends "mixed_float16"
  ? "float16"
  : P extends "mixed_bfloat16"
    ? "bfloat16"
    : Extract<P, FloatDtype>;

const floats: readonly FloatDtype[] = ["bfloat16", "float16", "float32", "float64"];

const policies: ReadonlyMap<unknown, FloatDtype> = new Map<string, FloatDtype>([
  ...floats.map((dtype) => [dtype, dtype] as const),
  ["mixed_float16", "float16"],
  ["mixed_bfloat16", "bfloat16"],
]);

let current: FloatDtype = "float32";

/**
 * Returns the default dtype of losses and metrics, and of numbers and nested arrays.
 *
 * @returns `"float32"`, unless {@link setFloatx} has changed it.
 * @example
 * ```ts
 * import { floatx } from "maxmargin";
 *
 * floatx(); //=> "float32"
 * ```
 * @see Keras, `keras.config.floatx`
 */
export function floatx(): FloatDtype {
  return current;
}

/**
 * Sets the default dtype of losses and metrics that are created from now on.
 *
 * @param dtype - `"float16"`, `"bfloat16"`, `"float32"` or `"float64"`.
 * @throws TypeError if `dtype` is not a string; RangeError if it is another string.
 * @example
 * ```ts
 * import { Hinge, setFloatx } from "maxmargin";
 *
 * setFloatx("float64");
 * new Hinge().dtype; //=> "float64"
 * setFloatx("float32");
 * ```
 * @see Keras, `keras.config.set_floatx`
 */
export function setFloatx(dtype: FloatDtype): void {
  if (!floats.includes(dtype)) throw noDtype(dtype, floats);
  current = dtype;
}

/** Reads the option `dtype`, or a policy that Keras has saved. */
export function computeDtype(policy: unknown): FloatDtype {
  const name = isSavedPolicy(policy) ? policy.config?.name : policy;
  if (name === undefined || name === null) return current;
  const dtype = policies.get(name);
  if (dtype === undefined) throw noDtype(name, [...policies.keys()] as string[]);
  return dtype;
}

/** Keras's policy classes that compute in one dtype; the last one is from Keras 2. */
const policyClasses: readonly unknown[] = ["DTypePolicy", "FloatDTypePolicy", "Policy"];

/** Whether a value is a policy as Keras saves it. */
function isSavedPolicy(value: unknown): value is { config?: { name?: unknown } | null } {
  if (typeof value !== "object" || value === null) return false;
  const { class_name, config = null } = value as { class_name?: unknown; config?: unknown };
  return policyClasses.includes(class_name) && typeof config === "object";
}

function noDtype(dtype: unknown, known: readonly string[]): Error {
  const wrong = typeof dtype === "string" ? wrongValue : wrongKind;
  return wrong("dtype", oneOf(known), described(dtype));
}
