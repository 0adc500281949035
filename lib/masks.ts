import { cast, castToDoubles, type Stored } from "./cast.js";
import { codes } from "./dtypes.js";
import { wrongValue } from "./errors.js";
import type { RowTensor } from "./tensor.js";
import type { Doubles } from "./weights.js";

const isMaskValue = (value: number) => value === 0 || value === 1;

/**
 * A mask as weights of 0 and 1.
 *
 * @throws RangeError if it has another value.
 */
export function toMask(mask: RowTensor): Doubles {
  const values = castToDoubles(mask.dtype, mask.stored, "float64");
  for (let i = 0; i < values.length; i++) {
    if (!isMaskValue(values[i])) throw wrongMask(mask, mask.stored);
    // -0 is 0.
    values[i] = Math.abs(values[i]);
  }
  return { values, shape: mask.shape };
}

/**
 * Checks a mask that kernels have read.
 *
 * @param kept - its sum, as in `Sums`.
 * @throws RangeError if it had another value than 0 and 1.
 */
export function checkMask(mask: RowTensor | undefined, kept: number): void {
  if (mask !== undefined && Number.isNaN(kept)) throw wrongMask(mask, mask.stored);
}

const atOnce = new Float64Array(1024);

/** The error of a mask with other values than 0 and 1, which names the first of them. */
export function wrongMask({ code, shape }: RowTensor, stored: Stored): RangeError {
  for (let start = 0; start < stored.length; start += atOnce.length) {
    const n = Math.min(atOnce.length, stored.length - start);
    cast(code, stored, start, n, codes.float64, atOnce);
    const i = atOnce.subarray(0, n).findIndex((value) => !isMaskValue(value));
    if (i >= 0) return wrongValue(`mask${placeOf(start + i, shape)}`, "0 or 1", `${atOnce[i]}`);
  }
  return wrongValue("mask", "0 or 1 everywhere", "values that changed in the meantime");
}

/** Where a value is in a tensor: `[2][0]`. */
function placeOf(index: number, shape: readonly number[]): string {
  let rest = index;
  return shape.reduceRight((inner, dimension) => {
    const place = `[${rest % dimension}]${inner}`;
    rest = Math.floor(rest / dimension);
    return place;
  }, "");
}
