import { type Computed, cast, newRawArray, type RawArray } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import { gather } from "../../tensor/gather.js";
import { chunkSize, type Operand } from "../call.js";

/** Gathered values before they are cast, by dtype code. */
const gathered: RawArray[] = [];

/** Whether values of the first dtype are values to compute with in the second, without a cast. */
export const isComputed = (code: number, as: number) =>
  code === as && (code === codes.float32 || code === codes.float64);

/**
 * Reads values of an operand in row-major order to the beginning of `to`.
 *
 * @param shape - the shape of the operand, if it has strides.
 * @param range - the indices of the values, up to a chunk of them.
 * @param as - the code of the dtype that values are cast to.
 */
export function readOperand(
  { values, code, strides, offset }: Operand,
  shape: readonly number[] | undefined,
  { first, end }: { readonly first: number; readonly end: number },
  as: number,
  to: Computed,
): void {
  const n = end - first;
  if (strides === undefined) {
    cast(code, values, offset + first, n, as, to);
    return;
  }
  // The one row of a batch without other axes has one value, which is repeated for its parts.
  const axes = shape === undefined || shape.length === 0 ? [1] : shape;
  const layout = { values, strides: strides.slice(0, axes.length), offset };
  if (isComputed(code, as)) {
    gather(layout, axes, first, to, n);
    return;
  }
  gathered[code] ??= newRawArray(code, chunkSize);
  const own = gathered[code] as RawArray;
  gather(layout, axes, first, own, n);
  cast(code, own, 0, n, as, to);
}
