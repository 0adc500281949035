import "./start.js";

export {
  CategoricalHingeMetric as CategoricalHinge,
  categoricalHinge,
} from "./losses/categorical-hinge.js";
export { CrammerSingerMetric as CrammerSinger, crammerSinger } from "./losses/crammer-singer.js";
export { HingeMetric as Hinge, hinge } from "./losses/hinge.js";
export { ModifiedHuberMetric as ModifiedHuber, modifiedHuber } from "./losses/modified-huber.js";
export { SquaredHingeMetric as SquaredHinge, squaredHinge } from "./losses/squared-hinge.js";
export { WestonWatkinsMetric as WestonWatkins, westonWatkins } from "./losses/weston-watkins.js";
export {
  Metric,
  type MetricConfig,
  type MetricOptions,
  type MetricState,
  type SavedSum,
} from "./metrics/metric.js";
export { type AnyMetric, deserialize, get, serialize } from "./registry/metrics.js";
