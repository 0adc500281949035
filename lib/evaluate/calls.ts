// Calls of a backend for a plan.
import type { Call, GradientOperand, LossesOperand, Operand, Operation } from "../backend/call.js";
import type { Totals } from "../backend/totals.js";
import type { Formula } from "../losses/spec.js";
import { roundTo } from "../tensor/cast.js";
import { codes, type FloatDtype } from "../tensor/dtypes.js";
import { isRowMajor, rowShape } from "../tensor/shapes.js";
import type { RowTensor } from "../tensor/tensor.js";
import { labelError } from "./labels.js";
import { checkMask } from "./masks.js";
import { isWeighted, type Plan } from "./plan.js";

/** Yields calls of a backend, receives the totals of each, and returns the result. */
export type Steps<Result> = Generator<Call, Result, Totals>;

/** Returns strides over the axes of a batch, or of its rows; undefined if they are row-major. */
export function stridesAt({ layout }: Plan, at: number, areOfRows = false) {
  const strides = layout?.strides.at(at);
  if (layout === undefined || strides === undefined) return undefined;
  const shape = areOfRows ? rowShape(layout.shape) : layout.shape;
  return isRowMajor(shape, strides) ? undefined : strides;
}

/** Returns an operand. `at` is its place in the layout. */
function operandOf(plan: Plan, tensor: RowTensor, at: number, areOfRows = false): Operand {
  const { stored: values, code, layout } = tensor;
  return { values, code, strides: stridesAt(plan, at, areOfRows), offset: layout?.offset ?? 0 };
}

/** The outputs of a call, and the divisor of its gradient. */
interface Outputs {
  readonly losses?: LossesOperand | undefined;
  readonly gradient?: GradientOperand;
  readonly divisor?: number;
}

const noOutputs: Outputs = {};

/** Returns the call of a backend for an operation on a plan. */
export function callOf(plan: Plan, operation: Operation, outputs: Outputs = noOutputs): Call {
  const { formula, dtype, labels, predictions, sampleWeight, mask, rows, width, layout } = plan;
  const { losses, gradient, divisor = 1 } = outputs;
  // A sum of terms does not depend on rows, so it can be cut between any two chunks.
  const isFlat =
    formula.spec.family === "elementwise" &&
    !isWeighted(plan) &&
    losses === undefined &&
    (operation === "sum" || operation === "gradient");
  return {
    operation,
    formula: withMarginOf(dtype, formula),
    encoding: formula.labels,
    code: codes[dtype],
    labels: operandOf(plan, labels, 0, formula.labels === "sparse"),
    predictions: operandOf(plan, predictions, 1),
    weights: sampleWeight && operandOf(plan, sampleWeight, 2, true),
    mask: mask && operandOf(plan, mask, sampleWeight === undefined ? 2 : 3, true),
    classWeights: formula.classWeight && roundedTo(dtype, formula.classWeight),
    shape: layout?.shape,
    rows: isFlat ? rows * width : rows,
    width: isFlat ? 1 : width,
    classes: width,
    divisor,
    losses,
    gradient,
    isFlat,
  };
}

function withMarginOf(dtype: FloatDtype, formula: Formula): Formula {
  const margin = roundTo(dtype, formula.margin);
  return margin === formula.margin ? formula : { ...formula, margin };
}

/** Rounds numbers. A loop, because `Float64Array.from` takes as long as a small batch. */
function roundedTo(dtype: FloatDtype, numbers: readonly number[]): Float64Array {
  const results = new Float64Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) results[i] = roundTo(dtype, numbers[i] as number);
  return results;
}

/** Returns the totals of a call after a check of the labels and the mask that it read. */
export function checked(plan: Plan, totals: Totals): Totals {
  const { mask } = plan;
  if (!totals.areLabelsValid) throw labelError(plan);
  if (mask !== undefined) checkMask(mask, totals.kept.value);
  return totals;
}
