// Class ids, and the same labels with one value per class.
import { type Tensor, tensor } from "maxmargin";
import { type AnyLossName, lossNames } from "./losses.js";

/** The encoding of labels written out that means the same as class ids. */
export const writtenEncoding = (loss: AnyLossName) =>
  loss === "categorical_hinge" || !lossNames.some((name) => name === loss) ? "onehot" : "signed";

/** A value for each class of each row: 1 for the row's class, and -1 or 0 for the others. */
export function written(
  loss: AnyLossName,
  ids: ArrayLike<number>,
  shape: readonly number[],
): Tensor<"int8"> {
  const classes = shape.at(-1) as number;
  const other = writtenEncoding(loss) === "signed" ? -1 : 0;
  const labels = new Int8Array(ids.length * classes).fill(other);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row] as number;
    if (id >= 0 && id < classes) labels[row * classes + id] = 1;
  }
  return tensor(labels, shape);
}
