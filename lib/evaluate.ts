import { kernelsFor } from "./backend.js";
import { broadcastShape, sameShape, Walk, withSameRank } from "./broadcast.js";
import { described, wrongKind, wrongValue } from "./errors.js";
import { unifyNaN } from "./fallback.js";
import { asIs, categoricalHinge, labelTypes } from "./kernels.js";
import { checkLength, RowTensor, type Tensor, type TensorLike, toTensor } from "./tensor.js";
import { checkArguments, inPlace, type Reduction } from "./validate.js";
import { type Doubles, product, reduced, scaledMask, toMask, toWeights } from "./weights.js";

/** A number for every reduction but `null` and `"none"`, which leave a tensor. */
export type LossValue<R extends Reduction> = R extends null | "none" ? Tensor<"float32"> : number;

/** What may weigh the losses of the rows. */
export interface Weighting {
  /** A number, or a tensor that broadcasts with the losses; `null` is as good as none. */
  readonly sampleWeight?: TensorLike | null;
  /** 0 or false where a loss does not count, of a shape that broadcasts with the losses. */
  readonly mask?: TensorLike | null;
}

/** The losses of all rows, weighted and reduced. The sum is double, and rounded once, at the end. */
export function reducedLoss<R extends Reduction>(
  loss: number,
  reduction: R,
  yTrue: unknown,
  yPred: unknown,
  weighting: Weighting | undefined,
): LossValue<R> {
  const labels = toTensor(yTrue, "yTrue");
  const predictions = toTensor(yPred, "yPred");
  if (weighting !== undefined) {
    const { sampleWeight, mask } = readWeighting(weighting);
    if (sampleWeight !== undefined || mask !== undefined) {
      return weightedLoss(loss, reduction, labels, predictions, sampleWeight, mask);
    }
  }
  if (reduction === null || reduction === "none") {
    return rowLossesOf(loss, labels, predictions, true) as LossValue<R>;
  }
  const same = checkArguments(labels, predictions);
  const { rows, width } = predictions;
  if (!same || rows === 0 || width === 0) {
    return weightedLoss(loss, reduction, labels, predictions, undefined, undefined);
  }
  const { labelType, data } = inPlace(labels);
  const floats = predictions.data as Float32Array;
  const total = kernelsFor(rows * width).total(loss, labelType, data, floats, width);
  const termsOfLoss = loss === categoricalHinge ? 1 : width;
  return Math.fround(
    total / (reduction === "sum" ? termsOfLoss : termsOfLoss * rows),
  ) as LossValue<R>;
}

function readWeighting(weighting: Weighting): { sampleWeight?: RowTensor; mask?: RowTensor } {
  if (typeof weighting !== "object" || weighting === null) {
    throw wrongKind("options", "an object", described(weighting));
  }
  const { sampleWeight, mask } = weighting;
  return {
    ...(sampleWeight != null && { sampleWeight: toTensor(sampleWeight, "sampleWeight") }),
    ...(mask != null && { mask: toTensor(mask, "mask") }),
  };
}

function weightedLoss<R extends Reduction>(
  loss: number,
  reduction: R,
  labels: RowTensor,
  predictions: RowTensor,
  sampleWeight: RowTensor | undefined,
  mask: RowTensor | undefined,
): LossValue<R> {
  if (sampleWeight !== undefined) checkLength(sampleWeight, "sampleWeight");
  if (mask !== undefined) checkLength(mask, "mask");
  const losses = doubleLosses(loss, labels, predictions, true);
  let weights = sampleWeight === undefined ? undefined : toWeights(sampleWeight);
  if (mask !== undefined) {
    const kept = scaledMask(toMask(mask), reduction);
    weights = weights === undefined ? kept : product(weights, kept, "mask", "sampleWeight");
  }
  const weighted =
    weights === undefined
      ? losses
      : product(losses, weights, sampleWeight === undefined ? "mask" : "sampleWeight");
  if (reduction === null || reduction === "none") return toFloats(weighted) as LossValue<R>;
  return Math.fround(reduced(weighted, weights, reduction)) as LossValue<R>;
}

/**
 * The loss of each row: the shape of labels and predictions without the last axis.
 *
 * @param fixRanks - whether a trailing axis of 1 may be added or dropped, as Keras's classes do.
 */
export function rowLosses(
  loss: number,
  yTrue: unknown,
  yPred: unknown,
  fixRanks: boolean,
): Tensor<"float32"> {
  const labels = toTensor(yTrue, "yTrue");
  return rowLossesOf(loss, labels, toTensor(yPred, "yPred"), fixRanks);
}

function rowLossesOf(
  loss: number,
  labels: RowTensor,
  predictions: RowTensor,
  fixRanks: boolean,
): Tensor<"float32"> {
  const same = checkArguments(labels, predictions);
  const { rows, width, shape } = predictions;
  if (!same || rows === 0 || width === 0) {
    return toFloats(doubleLosses(loss, labels, predictions, fixRanks));
  }
  const losses = new Float32Array(rows);
  const { labelType, data } = inPlace(labels);
  const floats = predictions.data as Float32Array;
  kernelsFor(rows * width).rowLosses(loss, labelType, data, floats, width, losses);
  return floatTensor(losses, shape.slice(0, -1));
}

function floatTensor(data: Float32Array, shape: readonly number[]): Tensor<"float32"> {
  return new RowTensor(data, Object.freeze(shape), "float32") as Tensor<"float32">;
}

function toFloats({ values, shape }: Doubles): Tensor<"float32"> {
  const data = Float32Array.from(values);
  unifyNaN(data);
  return floatTensor(data, shape);
}

/** The losses of all rows before they are rounded. Labels and predictions are broadcast. */
function doubleLosses(
  loss: number,
  labels: RowTensor,
  predictions: RowTensor,
  fixRanks: boolean,
): Doubles {
  checkArguments(labels, predictions);
  const [own, other] = fixRanks
    ? withSameRank(labels.shape, predictions.shape)
    : [labels.shape, predictions.shape];
  const shape = broadcastShape(own, other, "yTrue", "yPred");
  // Keras takes two scalars for one class in categorical hinge, and fails to average them in the others.
  if (shape.length === 0 && loss !== categoricalHinge) {
    throw wrongValue("yPred", "at least one axis", "a scalar");
  }
  const width = shape.at(-1) ?? 1;
  if (width === 0 && loss === categoricalHinge) {
    throw wrongValue("yPred", "at least one class in the last axis", "none");
  }
  const rows = shape.slice(0, -1);
  const values = new Float64Array(rows.reduce((all, dimension) => all * dimension, 1));
  if (values.length === 0) return { values, shape: rows };
  if (width === 0) {
    values.fill(Number.NaN);
  } else if (sameShape(own, other)) {
    const { labelType, data } = inPlace(labels);
    const floats = predictions.data as Float32Array;
    kernelsFor(floats.length).rowLosses(loss, labelType, data, floats, width, values);
  } else {
    writeBroadcast(loss, labels, own, predictions, other, shape, values);
  }
  return { values, shape: rows };
}

/** Values that are spread out at once: a large broadcast is never there as a whole. */
const valuesAtOnce = 65536;

function writeBroadcast(
  loss: number,
  labels: RowTensor,
  labelShape: readonly number[],
  predictions: RowTensor,
  predictionShape: readonly number[],
  shape: readonly number[],
  losses: Float64Array,
): void {
  const width = shape.at(-1) as number;
  const rowsAtOnce = Math.max(1, Math.floor(valuesAtOnce / width));
  const y = new Float32Array(rowsAtOnce * width);
  const p = new Float32Array(rowsAtOnce * width);
  const fillLabels = spreader(labels, labelShape, shape);
  const fillPredictions = spreader(predictions, predictionShape, shape);
  // The whole tensor decides whether labels are 0/1, not what of it is in a part.
  const how = areBinary(labels) ? loss : loss | asIs;
  for (let first = 0; first < losses.length; first += rowsAtOnce) {
    const out = losses.subarray(first, first + rowsAtOnce);
    const n = out.length * width;
    fillLabels(y, out.length, width);
    fillPredictions(p, out.length, width);
    const kernels = kernelsFor(n);
    kernels.rowLosses(how, labelTypes.float32, y.subarray(0, n), p.subarray(0, n), width, out);
  }
}

/** A function that writes the next rows of a broadcast tensor. */
function spreader(
  { data, dtype }: RowTensor,
  own: readonly number[],
  shape: readonly number[],
): (to: Float32Array, rows: number, width: number) => void {
  const ownWidth = own.at(-1) ?? 1;
  const walk = new Walk(own.slice(0, -1), shape.slice(0, -1));
  const step = ownWidth === 1 ? 0 : 1;
  const isBool = dtype === "bool";
  return (to, rows, width) => {
    for (let row = 0; row < rows; row++, walk.next()) {
      const from = walk.offset * ownWidth;
      for (let i = 0; i < width; i++) {
        const value = Number(data[from + i * step]);
        to[row * width + i] = isBool && value !== 0 ? 1 : value;
      }
    }
  };
}

function areBinary({ data, dtype }: RowTensor): boolean {
  if (dtype === "bool") return true;
  for (let i = 0; i < data.length; i++) {
    const label = Math.fround(Number(data[i]));
    if (label !== 0 && label !== 1) return false;
  }
  return true;
}
