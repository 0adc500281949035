// Numbers that are known within bounds, in double.
import type { FloatDtype } from "maxmargin";
import { roundedTo } from "../support/data.js";

/** A number before it is rounded to the dtype of the result. */
export interface Bounded {
  readonly value: number;
  /** How far from `value` the library may be; infinite where double itself does not tell. */
  readonly error: number;
}

/** Half a unit in the last place of double, for each of n additions, and a few operations more. */
export const wideError = (n: number) => (n + 16) * 2 ** -53;

/** Where double may overflow on one way and not on another. */
const nearlyInfinite = 1e300;
/** What is lost below the smallest normal doubles. */
const subnormal = 2 ** -1060;

export function bounded(value: number, error: number): Bounded {
  const isKnown = Number.isFinite(error) && Math.abs(value) < nearlyInfinite;
  return { value, error: isKnown ? error + subnormal : Infinity };
}

/** Something between two numbers; of two that are not finite, only if they are the same. */
export function between(a: number, b: number): Bounded {
  if (Object.is(a, b) && !Number.isFinite(a)) return { value: a, error: 0 };
  return bounded(a / 2 + b / 2, Math.abs(a - b) / 2 + Math.abs(a) * 2 ** -53);
}

interface Sum extends Bounded {
  /** Of the magnitudes. */
  readonly size: number;
}

export function sumOf(values: readonly Bounded[]): Sum {
  let value = 0;
  let error = 0;
  let size = 0;
  let isDecided = true;
  for (const each of values) {
    value += each.value;
    error += each.error;
    size += Math.abs(each.value);
    isDecided &&= each.error !== Infinity;
  }
  if (!isDecided) return { value, error: Infinity, size };
  const areFinite = values.every((each) => Number.isFinite(each.value));
  if (!Number.isFinite(value)) return { value, error: areFinite ? Infinity : 0, size };
  // Nothing is lost of zeros.
  if (size === 0 && error === 0) return { value, error, size };
  return { ...bounded(value, error + size * wideError(values.length)), size };
}

export const exactly = (values: ArrayLike<number>) =>
  Array.from(values, (value) => ({ value, error: 0 }));

/** A divisor of 0 gives 0. */
export function quotient(sum: Bounded, divisor: Bounded): Bounded {
  if (divisor.error === 0 && divisor.value === 0) return { value: 0, error: 0 };
  const value = sum.value / divisor.value;
  if (divisor.error === Infinity || divisor.error >= Math.abs(divisor.value) / 2) {
    return { value, error: Infinity };
  }
  if (!Number.isFinite(value)) {
    const isOverflow = Number.isFinite(sum.value) && Number.isFinite(divisor.value);
    return { value, error: isOverflow || sum.error === Infinity ? Infinity : 0 };
  }
  const relative = divisor.error / Math.abs(divisor.value);
  const own = Number.isFinite(divisor.value) ? sum.error / Math.abs(divisor.value) : 0;
  return bounded(value, (own + Math.abs(value) * (relative + wideError(0))) * 2);
}

/** Whether a result is right: between the roundings of the least and the most that it may be. */
export function isRight(dtype: FloatDtype, got: number, { value, error }: Bounded): boolean {
  if (error === Infinity) return true;
  if (Number.isNaN(value)) return Number.isNaN(got);
  return (
    got >= roundedTo(dtype, value - error, "float64") &&
    got <= roundedTo(dtype, value + error, "float64")
  );
}
