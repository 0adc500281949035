import { kernelsFor } from "./backend.js";
import { broadcastShape, sameShape, sizeOf, withSameRank } from "./broadcast.js";
import { newResults, resultsOf, roundTo, writeResults } from "./cast.js";
import { floatx } from "./config.js";
import { type Arrays, codes, type FloatDtype, isFloat } from "./dtypes.js";
import { wrongValue } from "./errors.js";
import { categoricalHinge, dtypesOfColumns, kindOfBatch } from "./kernels.js";
import { checkMask, toMask, wrongMask } from "./masks.js";
import { checkOptions } from "./options.js";
import { type Spread, writeBroadcastLosses } from "./spread.js";
import {
  checkLength,
  checkOut,
  type RowTensor,
  resultTensor,
  type Tensor,
  type TensorLike,
  type TensorOf,
  toTensor,
} from "./tensor.js";
import { checkArguments, type Reduction } from "./validate.js";
import {
  type Doubles,
  divisorOf,
  divisorOfColumn,
  leavesTensor,
  product,
  quotient,
  scaledMask,
  shapeOfColumns,
  sumOf,
  toDoubles,
} from "./weights.js";

/** A number for every reduction but `null` and `"none"`, which leave a tensor. */
export type LossValue<R extends Reduction, D extends FloatDtype = FloatDtype> = R extends
  | null
  | "none"
  ? TensorOf<D>
  : number;

/** What may weigh the losses of the rows. */
export interface Weighting {
  /** A number, or a tensor that broadcasts with the losses; `null` is as good as none. */
  readonly sampleWeight?: TensorLike | null;
  /** 0 or false where a loss does not count and otherwise 1 or true, of a shape that broadcasts with the losses. */
  readonly mask?: TensorLike | null;
}

/** The options of what takes weights and nothing else. */
export const weightingOptions: readonly (keyof Weighting)[] = ["sampleWeight", "mask"];

/** Where the losses of the rows go. */
export interface Output<D extends FloatDtype = FloatDtype> {
  /**
   * An array of the result's dtype with a value for each row, which becomes the result's `data`; by default a
   * new one. Large results are faster in memory that has been written before.
   */
  readonly out?: Arrays[D];
}

const outputOptions: readonly (keyof Output)[] = ["out"];

/** What is computed of what, once it is known that no foreign code can run any longer. */
export interface Batch {
  readonly loss: number;
  readonly dtype: FloatDtype;
  readonly labels: RowTensor;
  readonly predictions: RowTensor;
}

export const kindOf = ({ loss, dtype, labels, predictions }: Batch) =>
  kindOfBatch(loss, labels.code, predictions.code, codes[dtype]);

/** How many terms the loss of a row is the mean of: kernels add these up where rows need not be told apart. */
export const termsOf = (loss: number, width: number) => (loss === categoricalHinge ? 1 : width);

/** The dtype in which a function computes: that of its predictions, if it is one to compute in. */
export function ownDtype({ dtype, isNested }: RowTensor): FloatDtype {
  return !isNested && isFloat(dtype) ? dtype : floatx();
}

/**
 * The losses of all rows, weighted and reduced. The sum is double, and rounded once, at the end.
 *
 * @param as - the code of the dtype.
 */
export function reducedLoss<R extends Reduction, D extends FloatDtype>(
  loss: number,
  dtype: D,
  as: number,
  reduction: R,
  yTrue: unknown,
  yPred: unknown,
  weighting: Weighting | undefined,
): LossValue<R, D> {
  const labels = toTensor(yTrue, "yTrue");
  const predictions = toTensor(yPred, "yPred");
  if (weighting !== undefined) {
    checkOptions(weighting, weightingOptions);
    const sampleWeight = readColumn(weighting, "sampleWeight");
    const mask = readColumn(weighting, "mask");
    if (sampleWeight !== undefined || mask !== undefined) {
      const batch = { loss, dtype, labels, predictions };
      return weightedLoss(batch, reduction, sampleWeight, mask) as LossValue<R, D>;
    }
  }
  const same = checkArguments(labels, predictions);
  const { rows, width } = predictions;
  if (!same || rows === 0 || width === 0) {
    const batch = { loss, dtype, labels, predictions };
    const losses = doubleLosses(batch, broadcastOf(batch, true));
    return resultOf(losses, undefined, dtype, reduction, predictions) as LossValue<R, D>;
  }
  if (leavesTensor(reduction)) {
    return rowLossesOf({ loss, dtype, labels, predictions }, true) as LossValue<R, D>;
  }
  const kind = kindOfBatch(loss, labels.code, predictions.code, as);
  const total = kernelsFor(rows * width).total(kind, labels.stored, predictions.stored, width);
  const terms = termsOf(loss, width);
  const divisor = reduction === "sum" ? terms : terms * rows;
  return roundTo(dtype, total / divisor) as LossValue<R, D>;
}

/** Weights and mask as tensors, whose lengths are still to be checked. */
export function readWeighting(weighting: Weighting): {
  sampleWeight?: RowTensor;
  mask?: RowTensor;
} {
  const sampleWeight = readColumn(weighting, "sampleWeight");
  const mask = readColumn(weighting, "mask");
  return { ...(sampleWeight && { sampleWeight }), ...(mask && { mask }) };
}

function readColumn(weighting: Weighting, name: keyof Weighting): RowTensor | undefined {
  const value = weighting[name];
  return value == null ? undefined : toTensor(value, name);
}

function weightedLoss(
  batch: Batch,
  reduction: Reduction,
  sampleWeight: RowTensor | undefined,
  mask: RowTensor | undefined,
): number | Tensor<FloatDtype> {
  const { dtype, labels, predictions } = batch;
  const same = checkArguments(labels, predictions);
  if (sampleWeight !== undefined) checkLength(sampleWeight, "sampleWeight");
  if (mask !== undefined) checkLength(mask, "mask");
  const { rows, width, shape } = predictions;
  if (same && rows > 0 && width > 0) {
    const own = shapeOfColumns(shape.slice(0, -1), sampleWeight, mask);
    if (own !== undefined) return columnLoss(batch, reduction, own, sampleWeight, mask);
  }
  const losses = doubleLosses(batch, broadcastOf(batch, true));
  const weights = writtenWeights(dtype, reduction, sampleWeight, mask);
  const weighted = weightedBy(losses, weights, sampleWeight);
  return resultOf(weighted, weights, dtype, reduction, predictions);
}

/** Weights times mask, if there is either. */
export function writtenWeights(
  dtype: FloatDtype,
  reduction: Reduction,
  sampleWeight: RowTensor | undefined,
  mask: RowTensor | undefined,
): Doubles | undefined {
  const weights = sampleWeight && toDoubles(sampleWeight, dtype);
  if (mask === undefined) return weights;
  const kept = scaledMask(toMask(mask), reduction);
  return weights === undefined ? kept : product(weights, kept, "mask", "sampleWeight");
}

/** Messages call the weights what they come from. */
export function weightedBy(
  losses: Doubles,
  weights: Doubles | undefined,
  sampleWeight: RowTensor | undefined,
): Doubles {
  if (weights === undefined) return losses;
  return product(losses, weights, sampleWeight === undefined ? "mask" : "sampleWeight");
}

/** The loss of a batch whose weights and mask are one a row each, in the rows' order. */
function columnLoss(
  batch: Batch,
  reduction: Reduction,
  shape: readonly number[],
  sampleWeight: RowTensor | undefined,
  mask: RowTensor | undefined,
): number | Tensor<FloatDtype> {
  const { dtype, labels, predictions } = batch;
  const { rows, width } = predictions;
  const kernels = kernelsFor(rows * width);
  const kind = kindOf(batch);
  const dtypes = dtypesOfColumns(sampleWeight?.code ?? 0, mask?.code ?? 0);
  const y = labels.stored;
  const p = predictions.stored;
  if (leavesTensor(reduction)) {
    const losses = newResults(dtype, rows);
    const weights = sampleWeight?.stored;
    const isMask = kernels.rowLosses(kind, y, p, width, losses, dtypes, weights, mask?.stored);
    if (mask !== undefined && !isMask) throw wrongMask(mask, mask.stored);
    return resultTensor(dtype, losses, shape, predictions);
  }
  const total = kernels.weightedTotal(
    kind,
    y,
    p,
    width,
    dtypes,
    sampleWeight?.stored,
    mask?.stored,
  );
  checkMask(mask, total.kept);
  const divisor = divisorOfColumn(total, mask !== undefined, rows, reduction);
  return roundTo(dtype, quotient(total.losses, divisor));
}

export function resultOf(
  losses: Doubles,
  weights: Doubles | undefined,
  dtype: FloatDtype,
  reduction: Reduction,
  like: RowTensor,
): number | Tensor<FloatDtype> {
  const { values, shape } = losses;
  if (leavesTensor(reduction)) return resultTensor(dtype, resultsOf(dtype, values), shape, like);
  return roundTo(dtype, quotient(sumOf(values), divisorOf(shape, weights, reduction)));
}

/**
 * The loss of each row: the shape of labels and predictions without the last axis.
 *
 * @param dtype - what labels and predictions are cast to; undefined for the predictions' own, as in Keras's
 *   functions.
 * @param fixRanks - whether a trailing axis of 1 may be added or dropped, as Keras's classes do.
 */
export function rowLosses<D extends FloatDtype>(
  loss: number,
  dtype: D | undefined,
  yTrue: unknown,
  yPred: unknown,
  fixRanks: boolean,
  options?: Output,
): TensorOf<D> {
  const out = readOutput(options);
  const labels = toTensor(yTrue, "yTrue");
  const predictions = toTensor(yPred, "yPred");
  const batch = { loss, dtype: dtype ?? ownDtype(predictions), labels, predictions };
  return rowLossesOf(batch, fixRanks, out) as Tensor<FloatDtype> as TensorOf<D>;
}

function readOutput(options: Output | undefined): unknown {
  if (options === undefined) return undefined;
  checkOptions(options, outputOptions);
  return options.out;
}

function rowLossesOf(batch: Batch, fixRanks: boolean, out?: unknown): Tensor<FloatDtype> {
  const { dtype, labels, predictions } = batch;
  const resultsFor = (rows: number) =>
    out === undefined ? newResults(dtype, rows) : checkOut(out, dtype, rows, [labels, predictions]);
  const same = checkArguments(labels, predictions);
  const { rows, width, shape } = predictions;
  if (!same || rows === 0 || width === 0) {
    const { values, shape } = doubleLosses(batch, broadcastOf(batch, fixRanks));
    const losses = resultsFor(values.length);
    writeResults(codes[dtype], values, values.length, losses, 0);
    return resultTensor(dtype, losses, shape, predictions, out);
  }
  const losses = resultsFor(rows);
  const kernels = kernelsFor(rows * width);
  kernels.rowLosses(kindOf(batch), labels.stored, predictions.stored, width, losses);
  return resultTensor(dtype, losses, shape.slice(0, -1), predictions, out);
}

/** The shapes of labels and predictions, with ranks fixed, and the one that they have in common. */
export interface Broadcast {
  readonly own: readonly number[];
  readonly other: readonly number[];
  readonly shape: readonly number[];
}

export function broadcastOf(batch: Batch, fixRanks: boolean): Broadcast {
  const { loss, labels, predictions } = batch;
  const [own, other] = fixRanks
    ? withSameRank(labels.shape, predictions.shape)
    : [labels.shape, predictions.shape];
  const shape = broadcastShape(own, other, "yTrue", "yPred");
  // Keras takes two scalars for one class in categorical hinge, and fails to average them in the others.
  if (shape.length === 0 && loss !== categoricalHinge) {
    throw wrongValue("yPred", "at least one axis", "a scalar");
  }
  const width = shape.at(-1) ?? 1;
  // Keras's classes map nested lists number by number.
  if (
    fixRanks &&
    labels.isNested &&
    predictions.isNested &&
    !sameShape(labels.shape, predictions.shape)
  ) {
    throw wrongValue(
      "yTrue",
      `nested arrays of the shape of yPred, [${predictions.shape.join(", ")}]`,
      `[${labels.shape.join(", ")}]`,
    );
  }
  if (width === 0 && loss === categoricalHinge) {
    throw wrongValue("yPred", "at least one class in the last axis", "none");
  }
  return { own, other, shape };
}

export const spreadOf = (batch: Batch, { own, other, shape }: Broadcast): Spread => ({
  kind: kindOf(batch),
  labels: batch.labels.stored,
  labelShape: own,
  predictions: batch.predictions.stored,
  predictionShape: other,
  shape,
});

/** The losses of all rows of a checked batch before they are rounded. Labels and predictions are broadcast. */
export function doubleLosses(batch: Batch, { own, other, shape }: Broadcast): Doubles {
  const { labels, predictions } = batch;
  const width = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1);
  const values = new Float64Array(sizeOf(rows));
  if (values.length === 0) return { values, shape: rows };
  const kind = kindOf(batch);
  if (width === 0) {
    values.fill(Number.NaN);
  } else if (sameShape(own, other)) {
    const { stored } = predictions;
    kernelsFor(stored.length).rowLosses(kind, labels.stored, stored, width, values);
  } else {
    writeBroadcastLosses(spreadOf(batch, { own, other, shape }), values);
  }
  return { values, shape: rows };
}
