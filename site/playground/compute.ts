import type * as Maxmargin from "maxmargin";
import { type Input, InputError, readInput } from "./input.js";
import type { State } from "./state.js";

/** The library, of whatever build. */
export type Library = typeof Maxmargin;

export interface Results {
  /** The reduced loss, or the weighted losses of the rows. */
  readonly value: number | readonly number[];
  /** The loss of each row, without sample weights. */
  readonly rows: readonly number[];
  readonly gradient: readonly (readonly number[])[];
}

/** What a call returned, or the message of its error. */
export type Outcome = Results | { readonly error: string };

function lossOf(library: Library, { loss, options }: Input): Maxmargin.Loss {
  const Loss: new (options: object) => Maxmargin.Loss = library[loss];
  return new Loss(options);
}

function results(library: Library, input: Input): Results {
  const loss = lossOf(library, input);
  // The library does not write to them.
  const yTrue = input.yTrue as number[] | number[][];
  const yPred = input.yPred as number[][];
  const options = input.sampleWeight === null ? {} : { sampleWeight: input.sampleWeight };
  const { value, gradient } = loss.valueAndGradient(yTrue, yPred, options);
  return {
    value: typeof value === "number" ? value : (value.toArray() as number[]),
    rows: loss.call(yTrue, yPred).toArray() as number[],
    gradient: gradient.toArray() as number[][],
  };
}

/** Computes what was entered. Errors of the library are shown in its own words. */
export function compute(library: Library, state: State): Outcome {
  try {
    return results(library, readInput(state));
  } catch (error) {
    if (error instanceof InputError) return { error: error.message };
    return { error: `${error}` };
  }
}
