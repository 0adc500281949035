import { described, wrongKind, wrongValue } from "../errors.js";
import { castToDoubles } from "./cast.js";
import { DenseTensor } from "./dense.js";
import { rowMajorOf } from "./row-major.js";
import { placeOf } from "./shapes.js";
import { checkLength, type Tensor } from "./tensor.js";
import { type TensorLike, toTensor } from "./tensor-like.js";

/**
 * Converts class ids to one-hot labels: 1 for the class of a row, 0 for all others.
 *
 * @param ids - class ids from 0 to `classes - 1`, shape `[batch, d0, .. dN]`. A last axis of 1, as
 *   in `[batch, 1]`, is dropped, as `keras.utils.to_categorical` does.
 * @param classes - the number of classes.
 * @returns labels of dtype int8, shape `[batch, d0, .. dN, classes]`.
 * @throws TypeError if `ids` is not a tensor-like, or `classes` not a number; RangeError if
 *   `classes` is not an integer from 1, or if an id is not an integer from 0 to `classes - 1`: the
 *   message names its index.
 * @example
 * ```ts
 * import { CategoricalHinge, oneHot } from "maxmargin";
 *
 * const yTrue = oneHot([2, 0], 3);
 * yTrue.toArray(); //=> [[0, 0, 1], [1, 0, 0]]
 * new CategoricalHinge().value(yTrue, [[0, 0.5, 1], [2, 0, 0]]); //=> 0.25
 * oneHot([0, 3], 3); //=> RangeError: ids[1]: expected a class id from 0 to 2, received 3
 * ```
 * @see Keras, `keras.utils.to_categorical`
 */
export function oneHot(ids: TensorLike, classes: number): Tensor<"int8"> {
  const tensor = rowMajorOf(toTensor(ids, "ids"), "ids");
  if (typeof classes !== "number") throw wrongKind("classes", "a number", described(classes));
  if (!Number.isSafeInteger(classes) || classes < 1) {
    throw wrongValue("classes", "an integer from 1", described(classes));
  }
  checkLength(tensor, "ids");
  const { shape, dtype } = tensor;
  const values = castToDoubles(dtype, tensor.stored, "float64");
  const labels = new Int8Array(values.length * classes);
  for (let i = 0; i < values.length; i++) {
    const id = values[i] as number;
    if (!Number.isInteger(id) || id < 0 || id >= classes) {
      const expected = `a class id from 0 to ${classes - 1}`;
      throw wrongValue(`ids${placeOf(i, shape)}`, expected, `${id}`);
    }
    labels[i * classes + id] = 1;
  }
  const kept = shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
  return new DenseTensor(labels, [...kept, classes], "int8") as Tensor as Tensor<"int8">;
}
