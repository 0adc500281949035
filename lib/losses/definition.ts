import type { OutputOptions } from "../evaluate/arguments.js";
import { rowEvaluation } from "../evaluate/evaluation.js";
import { evaluateNow, type Settings } from "../evaluate/run.js";
import type { FloatDtype } from "../tensor/dtypes.js";
import type { Tensor, TensorOf } from "../tensor/tensor.js";
import type { ResultDtype, TensorLike } from "../tensor/tensor-like.js";
import type { LossSpec } from "./spec.js";

/** All parts of one loss. */
export interface LossDefinition {
  readonly spec: LossSpec;
  /** The function that returns the losses of rows. */
  readonly function: (yTrue: TensorLike, yPred: TensorLike) => Tensor;
  /** The class with reduction and weights, and the metric: named after the loss. */
  readonly Loss: ClassOf;
  readonly Metric: ClassOf;
}

/** A class that creates its instances from a config. */
interface ClassOf {
  readonly name: string;
  fromConfig(config: object): object;
}

/** Returns the definition. The compiler checks that it is complete. */
export const defineLoss = <D extends LossDefinition>(definition: D): D => definition;

/** Returns the settings of the function of a loss. */
export const functionSettings = (spec: LossSpec): Settings<null> => ({
  spec,
  reduction: null,
  dtype: undefined,
  code: undefined,
  fixRanks: false,
});

/** Computes the losses of the rows in the dtype of the predictions. */
export function lossesOfRows<P extends TensorLike>(
  settings: Settings<null>,
  yTrue: TensorLike,
  yPred: P,
  options: OutputOptions<ResultDtype<P>> | undefined,
): TensorOf<ResultDtype<P>> {
  const losses = evaluateNow(rowEvaluation, settings, yTrue, yPred, options);
  return losses as TensorOf<FloatDtype> as TensorOf<ResultDtype<P>>;
}
