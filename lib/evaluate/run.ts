import type { Call } from "../backend/call.js";
import { evaluate } from "../backend/portable/portable.js";
import { newTotals } from "../backend/totals.js";
import type { Steps } from "./evaluation.js";

/** Runs the steps of an evaluation at once. */
export function runNow<Result>(steps: Steps<Result>): Result {
  let step = steps.next();
  while (!step.done) {
    const call: Call = step.value;
    const totals = newTotals();
    evaluate(call, { first: 0, end: call.rows }, totals);
    step = steps.next(totals);
  }
  return step.value;
}
