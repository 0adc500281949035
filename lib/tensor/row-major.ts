import { kindOf, newArray } from "../typed-arrays.js";
import type { TensorData } from "./dtypes.js";
import { gather } from "./gather.js";
import { checkLength, RowTensor } from "./tensor.js";

/**
 * Returns a tensor with row-major values: the same one if they are, otherwise a copy.
 *
 * @param argument - its name in messages.
 */
export function rowMajorOf(tensor: RowTensor, argument: string): RowTensor {
  const { data, shape, dtype, source, layout, rows, width } = tensor;
  if (layout === undefined) return tensor;
  checkLength(tensor, argument);
  const n = rows * width;
  const copy = newArray(kindOf(data) as string, n);
  gather({ ...layout, values: data }, shape, 0, copy, n);
  return new RowTensor(copy as TensorData, shape, dtype, source);
}
