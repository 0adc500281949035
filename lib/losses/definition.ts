import type { OutputOptions } from "../evaluate/arguments.js";
import { rowEvaluation } from "../evaluate/evaluation.js";
import {
  type FormulaOptions,
  formulaOptionsOf,
  type LabelOptions,
  readFormula,
} from "../evaluate/formula.js";
import { evaluateNow, type Settings } from "../evaluate/run.js";
import type { FloatDtype } from "../tensor/dtypes.js";
import type { Tensor, TensorOf } from "../tensor/tensor.js";
import type { ResultDtype, TensorLike } from "../tensor/tensor-like.js";
import type { LabelEncoding, LossSpec } from "./spec.js";

/** All parts of one loss. */
export interface LossDefinition {
  readonly spec: LossSpec;
  /** The library that has named it, and saves it under that name. */
  readonly package: "keras" | "maxmargin";
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

/** Options of a function of rows. A function can have more, such as a margin. */
export interface FunctionOptions<
  D extends FloatDtype = FloatDtype,
  E extends LabelEncoding = LabelEncoding,
> extends OutputOptions<D>,
    LabelOptions<E> {}

/** Returns the settings of the function of a loss. */
export function functionSettings(spec: LossSpec): Settings<null> {
  const formula = readFormula(spec, {});
  return {
    formula,
    reduction: null,
    dtype: undefined,
    code: undefined,
    fixRanks: false,
    options: formulaOptionsOf(spec),
  };
}

/** Returns the settings of a function for its options. */
export function settingsFor(
  settings: Settings<null>,
  options: (FunctionOptions & FormulaOptions) | undefined,
): Settings<null> {
  // A value of another kind is an error that names it later.
  if (typeof options !== "object" || options === null) return settings;
  for (const name in options) {
    if (name !== "out" && settings.options.includes(name)) {
      const formula = readFormula(settings.formula.spec, options);
      return { ...settings, formula };
    }
  }
  return settings;
}

/** Computes the losses of the rows in the dtype of the predictions. */
export function lossesOfRows<P extends TensorLike>(
  settings: Settings<null>,
  yTrue: TensorLike,
  yPred: P,
  options: (FunctionOptions<ResultDtype<P>> & FormulaOptions) | undefined,
): TensorOf<ResultDtype<P>> {
  const own = settingsFor(settings, options);
  const losses = evaluateNow(rowEvaluation, own, yTrue, yPred, options);
  return losses as TensorOf<FloatDtype> as TensorOf<ResultDtype<P>>;
}
