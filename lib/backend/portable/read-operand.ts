import { type Computed, cast, newRawArray, type RawArray } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import { chunkSize, type Operand } from "../call.js";
import { gatherOperand, isStrided } from "../strided-operand.js";

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
  operand: Operand,
  shape: readonly number[] | undefined,
  { first, end }: { readonly first: number; readonly end: number },
  as: number,
  to: Computed,
): void {
  const { values, code, offset } = operand;
  const n = end - first;
  if (!isStrided(operand)) {
    cast(code, values, offset + first, n, as, to);
    return;
  }
  if (isComputed(code, as)) {
    gatherOperand(operand, shape, first, n, to);
    return;
  }
  gathered[code] ??= newRawArray(code, chunkSize);
  const own = gathered[code] as RawArray;
  gatherOperand(operand, shape, first, n, own);
  cast(code, own, 0, n, as, to);
}
