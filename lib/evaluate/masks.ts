import { wrongValue } from "../errors.js";
import { cast } from "../tensor/cast.js";
import { codes } from "../tensor/dtypes.js";
import { rowMajorOf } from "../tensor/row-major.js";
import { placeOf } from "../tensor/shapes.js";
import type { RowTensor } from "../tensor/tensor.js";

const isMaskValue = (value: number) => value === 0 || value === 1;

/**
 * Checks a mask after a backend has read it.
 *
 * @param kept - the sum of the mask, which is NaN if a value is neither 0 nor 1.
 * @throws RangeError if a value is neither 0 nor 1.
 */
export function checkMask(mask: RowTensor | undefined, kept: number): void {
  if (mask === undefined || !Number.isNaN(kept)) return;
  checkMaskValues(mask);
  throw wrongValue("mask", "0 or 1 everywhere", "values that changed in the meantime");
}

const valuesAtOnce = new Float64Array(1024);

/** Checks all values of a mask, also for empty batches, whose masks no backend reads. */
export function checkMaskValues(mask: RowTensor): void {
  const { code, shape, stored } = rowMajorOf(mask, "mask");
  for (let start = 0; start < stored.length; start += valuesAtOnce.length) {
    const n = Math.min(valuesAtOnce.length, stored.length - start);
    cast(code, stored, start, n, codes.float64, valuesAtOnce);
    const i = valuesAtOnce.subarray(0, n).findIndex((value) => !isMaskValue(value));
    if (i >= 0) {
      throw wrongValue(`mask${placeOf(start + i, shape)}`, "0 or 1", `${valuesAtOnce[i]}`);
    }
  }
}
