import {
  CategoricalHinge,
  categoricalHinge,
  Hinge,
  hinge,
  type Loss,
  ModifiedHuber,
  modifiedHuber,
  type Reduction,
  SquaredHinge,
  type RowLoss,
  squaredHinge,
} from "maxmargin";

/** Keras's names where it has the loss: golden cases and configs use them. */
export const lossNames = ["hinge", "squared_hinge", "categorical_hinge", "modified_huber"] as const;
export type LossName = (typeof lossNames)[number];

export const functions: Readonly<Record<LossName, RowLoss>> = {
  hinge,
  squared_hinge: squaredHinge,
  categorical_hinge: categoricalHinge,
  modified_huber: modifiedHuber,
};

export const classes = {
  hinge: Hinge,
  squared_hinge: SquaredHinge,
  categorical_hinge: CategoricalHinge,
  modified_huber: ModifiedHuber,
} as const;

export const scalarReductions = [
  "sum",
  "sum_over_batch_size",
  "mean",
  "mean_with_sample_weight",
] as const;
export const reductions = [...scalarReductions, "none", null] as const;

export function lossOf<R extends Reduction>(loss: LossName, reduction: R): Loss<R> {
  return new classes[loss]({ reduction });
}
