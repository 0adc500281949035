import {
  CategoricalHinge,
  CrammerSinger,
  categoricalHinge,
  crammerSinger,
  Hinge,
  hinge,
  type Loss,
  ModifiedHuber,
  metrics,
  modifiedHuber,
  type Reduction,
  type RowLoss,
  SquaredHinge,
  squaredHinge,
  WestonWatkins,
  westonWatkins,
} from "maxmargin";
import type { Metric } from "maxmargin/metrics";

/**
 * The losses whose labels are one per prediction, unless an option says otherwise. Keras's names
 * where it has the loss: golden cases and configs use them.
 */
export const lossNames = ["hinge", "squared_hinge", "categorical_hinge", "modified_huber"] as const;
export type LossName = (typeof lossNames)[number];

/** The losses whose labels are class ids, unless an option says otherwise. */
export const classLossNames = ["crammer_singer", "weston_watkins"] as const;
export type ClassLossName = (typeof classLossNames)[number];

export const allLossNames = [...lossNames, ...classLossNames] as const;
export type AnyLossName = (typeof allLossNames)[number];

export const functions: Readonly<Record<AnyLossName, RowLoss>> = {
  hinge,
  squared_hinge: squaredHinge,
  categorical_hinge: categoricalHinge,
  modified_huber: modifiedHuber,
  crammer_singer: crammerSinger,
  weston_watkins: westonWatkins,
};

export const classes = {
  hinge: Hinge,
  squared_hinge: SquaredHinge,
  categorical_hinge: CategoricalHinge,
  modified_huber: ModifiedHuber,
  crammer_singer: CrammerSinger,
  weston_watkins: WestonWatkins,
} as const;

export const metricClasses = {
  hinge: metrics.Hinge,
  squared_hinge: metrics.SquaredHinge,
  categorical_hinge: metrics.CategoricalHinge,
  modified_huber: metrics.ModifiedHuber,
  crammer_singer: metrics.CrammerSinger,
  weston_watkins: metrics.WestonWatkins,
} as const;

/** The parameters of each loss, in the order in which messages name them. */
export const parametersOf: Readonly<Record<AnyLossName, readonly ("margin" | "power")[]>> = {
  hinge: ["margin"],
  squared_hinge: ["margin"],
  categorical_hinge: ["margin"],
  modified_huber: [],
  crammer_singer: ["margin", "power"],
  weston_watkins: ["margin", "power"],
};

/** The options of the formula of a loss, in the order in which messages name them. */
export const formulaOptionsOf = (name: AnyLossName): readonly string[] => [
  ...parametersOf[name],
  "labels",
  "classWeight",
  "ignoreClass",
];

export const scalarReductions = [
  "sum",
  "sum_over_batch_size",
  "mean",
  "mean_with_sample_weight",
] as const;
export const reductions = [...scalarReductions, "none", null] as const;

export function lossOf<R extends Reduction>(loss: AnyLossName, reduction: R): Loss<R> {
  return new classes[loss]({ reduction });
}

/** A loss with options that not every loss has, which no type tells. */
export const makeLoss = (name: AnyLossName, options: object): Loss => new classes[name](options);
/** A metric with such options. */
export const makeMetric = (name: AnyLossName, options: object): Metric =>
  new metricClasses[name](options);
