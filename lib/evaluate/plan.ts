import { wrongValue } from "../errors.js";
import { type Formula, weighsRows } from "../losses/spec.js";
import type { FloatDtype } from "../tensor/dtypes.js";
import {
  isRowMajor,
  rowMajorStrides,
  rowShape,
  sameShape,
  shown,
  sizeOf,
} from "../tensor/shapes.js";
import { checkLength, type RowTensor } from "../tensor/tensor.js";
import { areFitting } from "./alignment.js";
import { checkRowLabels } from "./labels.js";
import {
  type Axes,
  axesOf,
  broadcastShape,
  collapsed,
  type Layout,
  type RankFix,
  rankFixes,
  rowAxes,
  rowMajor,
  stridesOver,
  unchanged,
  withAxis,
} from "./layout.js";
import { checkMaskValues } from "./masks.js";

type Shape = readonly number[];

/** Arguments of one evaluation as tensors. No user code runs after they have been read. */
export interface Inputs {
  readonly labels: RowTensor;
  readonly predictions: RowTensor;
  readonly sampleWeight?: RowTensor | undefined;
  readonly mask?: RowTensor | undefined;
}

/** The common shape of inputs, and their strides over it. */
interface Geometry {
  /** The shape of the weighted losses. */
  readonly lossShape: Shape;
  readonly rows: number;
  readonly width: number;
  /** The number of times that each weight is repeated. */
  readonly weightRepeats: number;
  /**
   * Strides of labels, predictions, weights, mask and gradient, unless all are row-major and nothing
   * repeats.
   */
  readonly layout: Layout | undefined;
}

/** Validated inputs, with their geometry. */
export interface Plan extends Inputs, Geometry {
  readonly formula: Formula;
  /** The dtype that labels, predictions and weights are cast to, and results are rounded to. */
  readonly dtype: FloatDtype;
}

/** Whether the rows of a plan have weights or can be left out. */
export const isWeighted = ({ sampleWeight, mask, formula }: Plan) =>
  sampleWeight !== undefined || mask !== undefined || weighsRows(formula);

/** Whether rows of a plan can be left out. */
export const isMasked = ({ mask, formula }: Plan) =>
  mask !== undefined || formula.ignoreClass !== undefined;

/** The alignment of weights with losses: as in numpy, or, in metrics, at the first axis. */
export type Alignment = "broadcast" | "samples";

/** Settings that determine how inputs are broadcast, besides their shapes. */
export interface PlanOptions {
  readonly formula: Formula;
  /** Whether a trailing axis of size 1 may be added or dropped, as in Keras's classes. */
  readonly fixRanks: boolean;
}

/** Checks inputs against each other, and determines their layout. */
export function plan(
  inputs: Inputs,
  options: PlanOptions,
  dtype: FloatDtype,
  alignment: Alignment = "broadcast",
): Plan {
  const { labels, predictions, sampleWeight, mask } = inputs;
  checkLength(labels, "yTrue");
  checkLength(predictions, "yPred");
  if (sampleWeight !== undefined) checkLength(sampleWeight, "sampleWeight");
  if (mask !== undefined) checkLength(mask, "mask");
  const { lossShape, rows, width, weightRepeats, layout } =
    alikeGeometry(inputs, options) ?? broadcastGeometry(inputs, options, alignment);
  // No backend reads the mask of an empty batch, which weights can make of any.
  if (mask !== undefined && rows * width === 0) checkMaskValues(mask);
  const { formula } = options;
  if (weighsRows(formula)) checkRowLabels({ formula, labels, width });
  // Written out, because an object spread would take longer than a small batch.
  return {
    labels,
    predictions,
    sampleWeight,
    mask,
    formula,
    dtype,
    lossShape,
    rows,
    width,
    weightRepeats,
    layout,
  };
}

/** Returns the geometry of inputs of one shape, in which nothing repeats; undefined for others. */
function alikeGeometry(inputs: Inputs, { formula }: PlanOptions): Geometry | undefined {
  const { labels, predictions, sampleWeight, mask } = inputs;
  const { shape, rows, width } = predictions;
  if (shape.length === 0 || width === 0) return undefined;
  if (!areFitting(formula, labels, predictions)) return undefined;
  const lossShape = rowShape(shape);
  const fits = (column: RowTensor | undefined) =>
    column === undefined || sameShape(column.shape, lossShape);
  if (!fits(sampleWeight) || !fits(mask)) return undefined;
  const areStrided = isStrided(inputs);
  // Class ids have no stride over the last axis.
  if (areStrided && formula.labels === "sparse") return undefined;
  const layout = areStrided ? ownLayout(inputs) : undefined;
  return { lossShape, rows, width, weightRepeats: 1, layout };
}

/** Whether an input is not row-major. */
const isStrided = ({ labels, predictions, sampleWeight, mask }: Inputs) =>
  labels.layout !== undefined ||
  predictions.layout !== undefined ||
  sampleWeight?.layout !== undefined ||
  mask?.layout !== undefined;

/** Returns the layout of inputs of one shape. */
function ownLayout({ labels, predictions, sampleWeight, mask }: Inputs): Layout {
  const { shape } = predictions;
  const strides = [axesOf(labels).strides, axesOf(predictions).strides];
  for (const column of [sampleWeight, mask]) {
    if (column !== undefined) strides.push([...axesOf(column).strides, 0]);
  }
  strides.push(rowMajorStrides(shape));
  return collapsed({ shape, strides });
}

/** Returns the geometry of inputs that are broadcast. */
function broadcastGeometry(inputs: Inputs, options: PlanOptions, alignment: Alignment): Geometry {
  const [labels, predictions, gradient] = fitValues(inputs, options);
  const width = labels.shape.at(-1) ?? 1;
  const columns = fitColumns(inputs);
  const { lossShape, ofLosses, ofColumns } = fitLosses(
    rowShape(labels.shape),
    columns,
    inputs,
    alignment,
  );
  const shape = [...lossShape, width];
  const [gradientStrides, ...valueStrides] = [gradient, labels, predictions].map((axes) => [
    ...stridesOver(lossShape, ofLosses(rowAxes(axes))),
    axes.strides.at(-1) ?? 0,
  ]) as [number[], number[], number[]];
  const columnStrides = columns.map((axes) => [...stridesOver(lossShape, ofColumns(axes)), 0]);
  const haveIds = options.formula.labels === "sparse";
  const isPlain =
    valueStrides.every((strides, i) =>
      haveIds && i === 0 ? isRowMajor(lossShape, strides.slice(0, -1)) : isRowMajor(shape, strides),
    ) && columnStrides.every((strides) => isRowMajor(lossShape, strides.slice(0, -1)));
  const layout = isPlain
    ? undefined
    : collapsed({ shape, strides: [...valueStrides, ...columnStrides, gradientStrides] });
  const rows = sizeOf(lossShape);
  // A weight that depends on the row's class is the row's own.
  const areRepeated = rows > 0 && !weighsRows(options.formula);
  const weightRepeats = areRepeated ? rows / sizeOf(columns[0]?.shape ?? lossShape) : 1;
  return { lossShape, rows, width, weightRepeats, layout };
}

/** Returns labels, predictions and the gradient over their common shape. */
function fitValues(inputs: Inputs, options: PlanOptions): readonly [Axes, Axes, Axes] {
  const { labels, predictions } = inputs;
  const { formula, fixRanks } = options;
  const { spec } = formula;
  if (formula.labels === "sparse") return fitIds(inputs, formula);
  const [ofLabels, ofPredictions] = fixRanks
    ? rankFixes(labels.shape, predictions.shape)
    : [unchanged, unchanged];
  const own = ofLabels(axesOf(labels));
  const other = ofPredictions(axesOf(predictions));
  if (spec.family !== "elementwise") checkOneHot(own.shape, other.shape);
  // Keras's classes pair nested lists number by number.
  if (
    fixRanks &&
    labels.source === "nested" &&
    predictions.source === "nested" &&
    !sameShape(labels.shape, predictions.shape)
  ) {
    throw wrongValue(
      "yTrue",
      `nested arrays of the shape of yPred, ${shown(predictions.shape)}`,
      shown(labels.shape),
    );
  }
  const shape = broadcastShape(own.shape, other.shape, "yTrue", "yPred");
  checkClasses(spec, shape);
  const over = (axes: Axes): Axes => ({ shape, strides: stridesOver(shape, axes) });
  return [over(own), over(other), over(ofPredictions(rowMajor(predictions.shape)))];
}

/** Returns class ids, predictions and the gradient over the shape of the predictions. */
function fitIds({ labels, predictions }: Inputs, { spec }: Formula): readonly [Axes, Axes, Axes] {
  const { shape } = predictions;
  checkClasses(spec, shape);
  if (shape.length === 0 || shape.at(-1) === 0) {
    throw wrongValue("yPred", "at least one class in the last axis", `shape ${shown(shape)}`);
  }
  const rows = rowShape(shape);
  const ids = axesOf(labels);
  const hasOwnAxis = sameShape(ids.shape, [...rows, 1]);
  if (!hasOwnAxis && !sameShape(ids.shape, rows)) {
    const areOneHot = sameShape(ids.shape, shape) && spec.labels.includes("onehot");
    const advice = areOneHot ? '; for one-hot labels set labels: "onehot"' : "";
    throw wrongValue(
      "yTrue",
      `a class id for each row, shape ${shown(rows)} or ${shown([...rows, 1])}${advice}`,
      `shape ${shown(ids.shape)}`,
    );
  }
  const own = hasOwnAxis ? rowAxes(ids) : ids;
  return [withAxis(own, shape.at(-1)), axesOf(predictions), rowMajor(shape)];
}

/**
 * Checks that labels are not class ids, which could broadcast as one-hot labels: one value, or one
 * for each row.
 */
function checkOneHot(labels: Shape, predictions: Shape): void {
  const last = predictions.at(-1) ?? 1;
  const classes = last === 1 ? (labels.at(-1) ?? 1) : last;
  const rows = rowShape(predictions);
  const areIds = (labels.at(-1) ?? 1) === 1 || sameShape(labels, rows);
  if (classes <= 1 || !areIds) return;
  const oneHot = `one-hot labels of shape ${shown([...rows, classes])}`;
  const advice = 'for class ids set labels: "sparse"';
  throw wrongValue("yTrue", `${oneHot}; ${advice}`, `shape ${shown(labels)}`);
}

function checkClasses({ family }: Formula["spec"], shape: Shape): void {
  // Keras reads two scalars as one class in categorical hinge, and fails to average them in the
  // other losses.
  if (shape.length === 0 && family === "elementwise") {
    throw wrongValue("yPred", "at least one axis", "a scalar");
  }
  if (family !== "elementwise" && shape.at(-1) === 0) {
    throw wrongValue("yPred", "at least one class in the last axis", "none");
  }
}

/** Returns weights and mask, without those that are missing, over their common shape. */
export function fitColumns({ sampleWeight, mask }: Inputs): readonly Axes[] {
  if (sampleWeight === undefined) return mask === undefined ? [] : [axesOf(mask)];
  if (mask === undefined) return [axesOf(sampleWeight)];
  const [ofWeights, ofMask] = rankFixes(sampleWeight.shape, mask.shape);
  const weights = ofWeights(axesOf(sampleWeight));
  const kept = ofMask(axesOf(mask));
  const shape = broadcastShape(kept.shape, weights.shape, "mask", "sampleWeight");
  return [weights, kept].map((axes) => ({ shape, strides: stridesOver(shape, axes) }));
}

/** The shape of weighted losses, and how the axes of losses and weights are adapted to it. */
interface FittedLosses {
  readonly lossShape: Shape;
  readonly ofLosses: RankFix;
  readonly ofColumns: RankFix;
}

function fitLosses(
  losses: Shape,
  columns: readonly Axes[],
  { sampleWeight }: Inputs,
  alignment: Alignment,
): FittedLosses {
  const given = columns[0]?.shape;
  if (given === undefined) {
    return { lossShape: losses, ofLosses: unchanged, ofColumns: unchanged };
  }
  const argument = sampleWeight === undefined ? "mask" : "sampleWeight";
  const [ofLosses, ofColumns] = rankFixes(losses, given);
  const own = ofLosses(rowMajor(losses)).shape;
  const weights = ofColumns(rowMajor(given)).shape;
  if (alignment !== "samples") {
    const lossShape = broadcastShape(weights, own, argument, "the losses");
    return { lossShape, ofLosses, ofColumns };
  }
  const leading = own.slice(0, weights.length);
  if (!sameShape(broadcastShape(weights, leading, argument, "the losses"), leading)) {
    throw wrongValue(
      argument,
      `a shape that broadcasts to the shape of the losses, ${shown(leading)}`,
      shown(given),
    );
  }
  // Losses are averaged down to the rank of the weights, so each weight is repeated over the later
  // axes.
  let padded = ofColumns;
  for (let rank = weights.length; rank < own.length; rank++) {
    const before = padded;
    padded = (axes) => withAxis(before(axes));
  }
  return { lossShape: own, ofLosses, ofColumns: padded };
}
