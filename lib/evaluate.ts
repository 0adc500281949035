import { kernelsFor } from "./backend.js";
import { wrongValue } from "./errors.js";
import { categoricalHinge } from "./kernels.js";
import { RowTensor, type Tensor, toTensor } from "./tensor.js";
import { checkBatch, type Reduction } from "./validate.js";

/** A number for every reduction but `null` and `"none"`, which leave a tensor. */
export type LossValue<R extends Reduction> = R extends null | "none" ? Tensor<"float32"> : number;

/** The losses of all rows, reduced. The sum is double, and rounded once, after the division. */
export function reducedLoss<R extends Reduction>(
  loss: number,
  reduction: R,
  yTrue: unknown,
  yPred: unknown,
): LossValue<R> {
  if (reduction === null || reduction === "none") {
    return rowLosses(loss, yTrue, yPred) as LossValue<R>;
  }
  const given = toTensor(yTrue, "yTrue");
  const predictions = toTensor(yPred, "yPred");
  const labels = checkBatch(given, predictions);
  const { rows, width } = predictions;
  const divisor = (loss === categoricalHinge ? 1 : width) * (reduction === "sum" ? 1 : rows);
  return Math.fround(
    rows === 0
      ? 0
      : width === 0
        ? lossOfEmptyRow(loss)
        : kernelsFor(rows * width).total(
            loss,
            labels.labelType,
            labels.data,
            predictions.data as Float32Array,
            width,
          ) / divisor,
  ) as LossValue<R>;
}

/** The loss of each row: the shape of the predictions without the last axis. */
export function rowLosses(loss: number, yTrue: unknown, yPred: unknown): Tensor<"float32"> {
  const given = toTensor(yTrue, "yTrue");
  const predictions = toTensor(yPred, "yPred");
  const labels = checkBatch(given, predictions);
  const { rows, width, shape } = predictions;
  const losses = new Float32Array(rows);
  if (width === 0 && rows > 0) {
    losses.fill(lossOfEmptyRow(loss));
  } else if (rows > 0) {
    const floats = predictions.data as Float32Array;
    const kernels = kernelsFor(rows * width);
    kernels.rowLosses(loss, labels.labelType, labels.data, floats, width, losses);
  }
  return new RowTensor(losses, Object.freeze(shape.slice(0, -1)), "float32") as Tensor<"float32">;
}

function lossOfEmptyRow(loss: number): number {
  if (loss !== categoricalHinge) return Number.NaN;
  throw wrongValue("yPred", "at least one class in the last axis", "none");
}
