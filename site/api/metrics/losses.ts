/**
 * A metric for each loss: the mean over all samples of all batches. The namespace `metrics` of
 * `maxmargin` has the same exports. The functions of `maxmargin/metrics` are those of `maxmargin`.
 *
 * @module Metrics
 */
export {
  CategoricalHinge,
  CrammerSinger,
  Hinge,
  ModifiedHuber,
  SquaredHinge,
  WestonWatkins,
} from "maxmargin/metrics";
