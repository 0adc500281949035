// Batches without values. A shape such as [2 ** 27, 0] takes neither memory nor time in proportion
// to its rows.
import type { Call } from "../backend/call.js";
import { newTotals, type Totals } from "../backend/totals.js";
import { sizeOf } from "../tensor/shapes.js";
import { callOf, checked, type Steps } from "./calls.js";
import { collapsed, withAxis } from "./layout.js";
import { fitColumns, type Plan } from "./plan.js";
import { divisorOfPlan, needsWeights, quotient, type Reduction } from "./reduction.js";

export const isEmpty = ({ rows, width }: Plan) => rows === 0 || width === 0;

/** Returns the call that reads weights and mask over their own shape, which repeats none of them. */
function weightsCall(plan: Plan): Call {
  const columns = fitColumns(plan).map((axes) => withAxis(axes));
  const shape = columns[0]?.shape ?? [1];
  const layout = collapsed({ shape, strides: columns.map(({ strides }) => strides) });
  const call = callOf(plan, "weights");
  return {
    ...call,
    weights: call.weights && { ...call.weights, strides: layout.strides[0] },
    mask: call.mask && { ...call.mask, strides: layout.strides.at(-1) },
    shape: layout.shape,
    rows: sizeOf(shape),
    width: 1,
  };
}

/** Sums weights and mask of a batch without values, each of them once. */
export function* distinctWeights(plan: Plan): Steps<Totals> {
  return checked(plan, yield weightsCall(plan));
}

/**
 * Computes the loss of a batch without values. The mean over an empty last axis is NaN, which no
 * weight hides; an empty batch reduces to 0.
 */
export const emptyLoss = ({ rows }: Plan, divisor: number) =>
  quotient(rows === 0 ? 0 : Number.NaN, divisor);

/** Computes a divisor for {@link emptyLoss}, for which only 0 makes a difference. */
export function* emptyDivisor(plan: Plan, reduction: Reduction): Steps<number> {
  const areRead = needsWeights(plan, reduction) && plan.rows > 0;
  const totals = areRead ? yield* distinctWeights(plan) : newTotals();
  return divisorOfPlan({ ...plan, weightRepeats: 1 }, reduction, totals);
}
