import { kernelsFor } from "./backend.js";
import { wrongValue } from "./errors.js";
import { categoricalHinge } from "./kernels.js";
import { RowTensor, type Tensor } from "./tensor.js";
import { type Batch, type Reduction, toBatch } from "./validate.js";

/** A number for every reduction but `null` and `"none"`, which leave a tensor. */
export type LossValue<R extends Reduction> = R extends null | "none" ? Tensor<"float32"> : number;

/** What can be said without looking at values: the loss of each row if there are none in it. */
function lossOfEmptyRow(loss: number): number {
  if (loss !== categoricalHinge) return Number.NaN;
  throw wrongValue("yPred", "at least one class in the last axis", "none");
}

/** The loss of each row: the shape of the predictions without the last axis. */
export function rowLosses(loss: number, yTrue: unknown, yPred: unknown): Tensor<"float32"> {
  return rowLossesOf(loss, toBatch(yTrue, yPred));
}

function rowLossesOf(loss: number, batch: Batch): Tensor<"float32"> {
  const { labelType, labels, predictions, shape, rows, width } = batch;
  const losses = new Float32Array(rows);
  if (width === 0) {
    if (rows > 0) losses.fill(lossOfEmptyRow(loss));
  } else if (rows > 0) {
    kernelsFor(rows * width).rowLosses(loss, labelType, labels, predictions, rows, width, losses);
  }
  return new RowTensor(losses, Object.freeze(shape.slice(0, -1)), "float32") as Tensor<"float32">;
}

/** The losses of all rows, reduced. The sum is double, and rounded once, after the division. */
export function reducedLoss<R extends Reduction>(
  loss: number,
  reduction: R,
  yTrue: unknown,
  yPred: unknown,
): LossValue<R> {
  const batch = toBatch(yTrue, yPred);
  return (
    reduction === null || reduction === "none"
      ? rowLossesOf(loss, batch)
      : Math.fround(reduced(loss, reduction, batch))
  ) as LossValue<R>;
}

function reduced(loss: number, reduction: Reduction, batch: Batch): number {
  const { labelType, labels, predictions, rows, width } = batch;
  if (rows === 0) return 0;
  if (width === 0) return lossOfEmptyRow(loss);
  const total = kernelsFor(rows * width).total(loss, labelType, labels, predictions, rows, width);
  const termsOfLoss = loss === categoricalHinge ? 1 : width;
  return total / (reduction === "sum" ? termsOfLoss : termsOfLoss * rows);
}
