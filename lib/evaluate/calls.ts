// Calls of a backend for a plan.
import type { Call, GradientOperand, LossesOperand, Operand, Operation } from "../backend/call.js";
import type { Totals } from "../backend/totals.js";
import { codes } from "../tensor/dtypes.js";
import { isRowMajor, rowShape } from "../tensor/shapes.js";
import type { RowTensor } from "../tensor/tensor.js";
import { checkMask } from "./masks.js";
import type { Plan } from "./plan.js";

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
function operandOf(plan: Plan, tensor: RowTensor, at: number): Operand {
  const { stored: values, code, layout } = tensor;
  return { values, code, strides: stridesAt(plan, at, at > 1), offset: layout?.offset ?? 0 };
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
  const { spec, dtype, labels, predictions, sampleWeight, mask, rows, width, layout } = plan;
  const { losses, gradient, divisor = 1 } = outputs;
  // A sum of terms does not depend on rows, so it can be cut between any two chunks.
  const isFlat =
    spec.family === "elementwise" &&
    sampleWeight === undefined &&
    mask === undefined &&
    losses === undefined &&
    (operation === "sum" || operation === "gradient");
  return {
    operation,
    spec,
    encoding: spec.labels[0],
    code: codes[dtype],
    labels: operandOf(plan, labels, 0),
    predictions: operandOf(plan, predictions, 1),
    weights: sampleWeight && operandOf(plan, sampleWeight, 2),
    mask: mask && operandOf(plan, mask, sampleWeight === undefined ? 2 : 3),
    shape: layout?.shape,
    rows: isFlat ? rows * width : rows,
    width: isFlat ? 1 : width,
    divisor,
    losses,
    gradient,
    isFlat,
  };
}

/** Returns the totals of a call after a check of the mask that it read. */
export function checked({ mask }: Plan, totals: Totals): Totals {
  if (mask !== undefined) checkMask(mask, totals.kept.value);
  return totals;
}
