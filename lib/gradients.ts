import { kernelsFor } from "./backend.js";
import { sizeOf } from "./broadcast.js";
import { newResults, type Results, roundTo, writeResults } from "./cast.js";
import { type Arrays, codes, type FloatDtype } from "./dtypes.js";
import {
  type Batch,
  broadcastOf,
  doubleLosses,
  kindOf,
  type LossValue,
  ownDtype,
  readWeighting,
  resultOf,
  spreadOf,
  termsOf,
  type Weighting,
  weightedBy,
  writtenWeights,
} from "./evaluate.js";
import { dtypesOfColumns, noSums, type Sums } from "./kernels.js";
import { checkMask } from "./masks.js";
import { checkOptions } from "./options.js";
import { sumsOfBroadcastSlopes } from "./spread.js";
import {
  checkLength,
  checkOut,
  type RowTensor,
  resultTensor,
  type Tensor,
  type TensorOf,
  toTensor,
} from "./tensor.js";
import { checkArguments, type Reduction } from "./validate.js";
import {
  divisorOf,
  divisorOfColumn,
  leavesTensor,
  quotient,
  shapeOfColumns,
  weightOfEach,
} from "./weights.js";

/** Where a gradient goes. */
export interface GradientOutput<D extends FloatDtype = FloatDtype> {
  /**
   * An array of the gradient's dtype with a value for each prediction, which becomes the gradient's `data`; by
   * default a new one. Large gradients are faster in memory that has been written before.
   */
  readonly out?: Arrays[D];
}

/** What may weigh the losses of the rows, and where the gradient goes. */
export interface GradientOptions<D extends FloatDtype = FloatDtype>
  extends Weighting,
    GradientOutput<D> {}

/** A loss and its derivative by each prediction. */
export interface ValueAndGradient<V, D extends FloatDtype = FloatDtype> {
  readonly value: V;
  /** Of the shape of the predictions. */
  readonly gradient: TensorOf<D>;
}

type Value = number | Tensor<FloatDtype>;

/** What the losses of the rows are weighted by. */
interface Columns {
  readonly sampleWeight: RowTensor | undefined;
  readonly mask: RowTensor | undefined;
}

/**
 * A loss, reduced, and its gradient: for `null` and `"none"` that of the sum.
 *
 * @param dtype - what labels and predictions are cast to; undefined for the predictions' own, as in Keras's
 *   functions.
 * @param fixRanks - whether a trailing axis of 1 may be added or dropped, as Keras's classes do.
 * @param known - the options that there are.
 */
export function valueAndGradient<R extends Reduction, D extends FloatDtype>(
  loss: number,
  dtype: D | undefined,
  reduction: R,
  yTrue: unknown,
  yPred: unknown,
  options: GradientOptions | undefined,
  fixRanks: boolean,
  known: readonly (keyof GradientOptions)[],
): ValueAndGradient<LossValue<R, D>, D> {
  const labels = toTensor(yTrue, "yTrue");
  const predictions = toTensor(yPred, "yPred");
  const { sampleWeight, mask, out } = readOptions(options, known);
  const batch = { loss, dtype: dtype ?? ownDtype(predictions), labels, predictions };
  const same = checkArguments(labels, predictions);
  if (sampleWeight !== undefined) checkLength(sampleWeight, "sampleWeight");
  if (mask !== undefined) checkLength(mask, "mask");
  const { rows, width, shape } = predictions;
  const size = rows * width;
  const inputs = [labels, predictions, sampleWeight, mask].filter((tensor) => tensor !== undefined);
  const results =
    out === undefined ? newResults(batch.dtype, size) : checkOut(out, batch.dtype, size, inputs);
  const columns = { sampleWeight, mask };
  const own = same && size > 0 ? shapeOfLosses(shape.slice(0, -1), columns) : undefined;
  const value =
    own === undefined
      ? writeBroadcastGradient(batch, reduction, columns, fixRanks, results)
      : writeGradient(batch, reduction, columns, own, { results, isNew: out === undefined });
  const gradient = resultTensor(batch.dtype, results, shape, predictions, out);
  return { value, gradient } as ValueAndGradient<Value> as ValueAndGradient<LossValue<R, D>, D>;
}

function readOptions(
  options: GradientOptions | undefined,
  known: readonly string[],
): { sampleWeight?: RowTensor; mask?: RowTensor; out?: unknown } {
  if (options === undefined) return {};
  checkOptions(options, known);
  return { ...readWeighting(options), out: options.out };
}

/** The shape of the weighted losses if weights and mask, as far as there are any, are one a row, in the rows' order. */
export function shapeOfLosses(
  losses: readonly number[],
  { sampleWeight, mask }: Columns,
): readonly number[] | undefined {
  if (sampleWeight === undefined && mask === undefined) return losses;
  return shapeOfColumns(losses, sampleWeight, mask);
}

/**
 * What the sum that kernels give of a batch is divided by, and its slopes. The sum is one of terms, unless rows are weighted:
 * `columns` is what their weights and mask add up to.
 */
export function divisorsOf(
  { loss, predictions }: Batch,
  shape: readonly number[],
  reduction: Reduction,
  columns: Sums | undefined,
  isMasked: boolean,
): { readonly ofTotal: number; readonly ofSlopes: number } {
  const { rows, width } = predictions;
  const terms = termsOf(loss, width);
  if (columns === undefined) {
    const divisor = divisorOf(shape, undefined, reduction) * terms;
    return { ofTotal: divisor, ofSlopes: divisor };
  }
  const divisor = divisorOfColumn(columns, isMasked, rows, reduction);
  return { ofTotal: divisor, ofSlopes: divisor * terms };
}

/** Where a gradient is written. */
interface Target {
  readonly results: Results;
  /** Whether the array is new, and so full of zeros. */
  readonly isNew: boolean;
}

/** Of a batch whose weights and mask, if any, are one a row each, in the rows' order. */
function writeGradient(
  batch: Batch,
  reduction: Reduction,
  { sampleWeight, mask }: Columns,
  shape: readonly number[],
  { results: gradient, isNew }: Target,
): Value {
  const { dtype, labels, predictions } = batch;
  const { rows, width } = predictions;
  const kernels = kernelsFor(rows * width);
  const kind = kindOf(batch);
  const dtypes = dtypesOfColumns(sampleWeight?.code ?? 0, mask?.code ?? 0);
  const y = labels.stored;
  const p = predictions.stored;
  const weights = sampleWeight?.stored;
  const kept = mask?.stored;
  const isWeighted = weights !== undefined || kept !== undefined;
  const columnTotal = () => {
    if (leavesTensor(reduction)) return noSums;
    const sums = kernels.columnTotal(kind, y, p, width, dtypes, weights, kept);
    checkMask(mask, sums.kept);
    return sums;
  };
  const { ofTotal, ofSlopes } = divisorsOf(
    batch,
    shape,
    reduction,
    isWeighted ? columnTotal() : undefined,
    kept !== undefined,
  );
  // A sum of weights of 0 makes the loss 0, whatever the predictions are.
  if (ofTotal === 0) {
    if (!isNew) gradient.fill(0);
    return 0;
  }
  const losses = leavesTensor(reduction) ? newResults(dtype, rows) : undefined;
  const total = kernels.gradient(
    kind,
    y,
    p,
    width,
    ofSlopes,
    gradient,
    losses,
    dtypes,
    weights,
    kept,
  );
  checkMask(mask, total.kept);
  if (losses !== undefined) return resultTensor(dtype, losses, shape, predictions);
  return roundTo(dtype, total.losses / ofTotal);
}

/** Of a batch in which something is repeated, or that is empty. */
function writeBroadcastGradient(
  batch: Batch,
  reduction: Reduction,
  { sampleWeight, mask }: Columns,
  fixRanks: boolean,
  gradient: Results,
): Value {
  const { loss, dtype, predictions } = batch;
  const broadcast = broadcastOf(batch, fixRanks);
  const { shape } = broadcast;
  const losses = doubleLosses(batch, broadcast);
  const weights = writtenWeights(dtype, reduction, sampleWeight, mask);
  const weighted = weightedBy(losses, weights, sampleWeight);
  const divisor = divisorOf(weighted.shape, weights, reduction) * termsOf(loss, shape.at(-1) ?? 1);
  const each =
    weights === undefined
      ? new Float64Array(losses.values.length).fill(1)
      : weightOfEach(losses, weights);
  const factors = each.map((weight) => quotient(weight, divisor));
  const round = dtype === "float64" ? (value: number) => value : Math.fround;
  const sums =
    sizeOf(shape) === 0 || divisor === 0
      ? new Float64Array(predictions.data.length)
      : sumsOfBroadcastSlopes(spreadOf(batch, broadcast), factors, round);
  writeResults(codes[dtype], sums, sums.length, gradient, 0);
  return resultOf(weighted, weights, dtype, reduction, predictions);
}
