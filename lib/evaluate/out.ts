// Checks arrays for results, and wraps results as tensors.

import { described, unreadable, wrongKind, wrongValue } from "../errors.js";
import { newResults, type Results } from "../tensor/cast.js";
import { DenseTensor } from "../tensor/dense.js";
import { dtypesOf, type FloatDtype, isFloat16Array, type TensorData } from "../tensor/dtypes.js";
import { isHalfOfLibrary } from "../tensor/held.js";
import { checkLength, RowTensor, type Tensor, type TensorOf } from "../tensor/tensor.js";
import { bufferOf, lengthOf, viewIn } from "../typed-arrays.js";
import { overlaps } from "./overlaps.js";

/** The names of the arrays that can hold results of a dtype. */
const resultArrays: Readonly<Record<FloatDtype, readonly string[]>> = {
  float16: ["Uint16Array", "Float16Array"],
  bfloat16: ["Uint16Array"],
  float32: ["Float32Array"],
  float64: ["Float64Array"],
};

/** The names of the other arguments, in the order of the parameter of {@link checkOut}. */
const inputNames = ["yTrue", "yPred", "sampleWeight", "mask"];

/** Whether a value is an array that can hold results of a dtype. */
export const isForResults = (out: unknown, dtype: FloatDtype): out is TensorData =>
  dtypesOf(out)?.includes(dtype) === true;

/** Returns the checked array that was passed for results, or new memory. See {@link checkOut}. */
export function resultsFor(
  out: unknown,
  dtype: FloatDtype,
  size: number,
  inputs: readonly (RowTensor | undefined)[],
): Results {
  return out === undefined ? newResults(dtype, size) : checkOut(out, dtype, size, inputs);
}

/**
 * Checks an array for results. No user code may run after this.
 *
 * @param inputs - labels, predictions, weights and mask; undefined if missing.
 * @returns the array, as bits for a `Float16Array`.
 */
function checkOut(
  out: unknown,
  dtype: FloatDtype,
  size: number,
  inputs: readonly (RowTensor | undefined)[],
): Results {
  if (!isForResults(out, dtype)) throw wrongOut(out, dtype);
  const tensor = new RowTensor(out, [size], dtype);
  checkLength(tensor, "out");
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    if (input !== undefined && overlaps(tensor, input)) {
      throw wrongValue("out", "memory of its own", `the memory of ${inputNames[i]}`);
    }
  }
  return tensor.stored as Results;
}

function wrongOut(out: unknown, dtype: FloatDtype): TypeError {
  if (dtype === "float16" && isHalfOfLibrary(out)) {
    const remedy = "write new Uint16Array(out.buffer, out.byteOffset, out.length)";
    return unreadable("out", "the Float16Array of a library", remedy);
  }
  return wrongKind("out", `a ${resultArrays[dtype].join(" or a ")}`, described(out));
}

/**
 * Returns results as a tensor, in the array that was passed, if any. New float16 results are a
 * `Float16Array` if `like` has one.
 */
export function resultTensor<D extends FloatDtype>(
  dtype: D,
  results: TensorData,
  shape: readonly number[],
  like: RowTensor,
  out?: unknown,
): TensorOf<D> {
  const own =
    dtype === "float16" && isFloat16Array(like.data)
      ? viewIn("Float16Array", bufferOf(results), 0, lengthOf(results))
      : results;
  const data = (out ?? own) as TensorData;
  return new DenseTensor(data, shape, dtype) as Tensor as TensorOf<D>;
}
