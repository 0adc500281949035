import { broadcastShape, sameShape, sizeOf, withSameRank } from "./broadcast.js";
import { wrongValue } from "./errors.js";
import { type Doubles, product, sumOf, writtenOut } from "./weights.js";

/** Averages over all axes from `rank` on. */
function averagedTo(rank: number, { values, shape }: Doubles): Doubles {
  if (shape.length <= rank) return { values, shape };
  const kept = shape.slice(0, rank);
  const width = sizeOf(shape.slice(rank));
  const means = new Float64Array(sizeOf(kept));
  for (let i = 0; i < means.length; i++) {
    means[i] = sumOf(values.subarray(i * width, (i + 1) * width)) / width;
  }
  return { values: means, shape: kept };
}

/** The losses of rows. */
export interface Losses {
  /** Undefined where rows, or samples, have no values: each loss, or the mean of a sample's, is NaN. */
  readonly values: Float64Array | undefined;
  readonly shape: readonly number[];
}

/**
 * What a batch adds to a metric: the sum of the losses of its samples, and their number or weight. Losses
 * are averaged down to the rank of the weights, both together down to the samples. Messages call the weights
 * `argument`.
 */
export function samplewise(
  { values, shape }: Losses,
  weights: Doubles | undefined,
  argument: string,
): { total: number; count: number } {
  if (values === undefined) {
    const samples = shape[0] ?? 1;
    const total = samples === 0 ? 0 : Number.NaN;
    return { total, count: weights ? weightOfSamples(shape, weights, argument) : samples };
  }
  if (weights === undefined) {
    return { total: sumOf(averagedTo(1, { values, shape }).values), count: shape[0] ?? 1 };
  }
  const [lossShape, weightShape] = withSameRank(shape, weights.shape);
  const own = averagedTo(weightShape.length, { values, shape: lossShape });
  const each = writtenOut({ values: weights.values, shape: weightShape }, own.shape, argument);
  if (each === undefined || !sameShape(each.shape, own.shape)) {
    throw wrongShape(own.shape, weights, argument);
  }
  return {
    total: sumOf(averagedTo(1, product(own, each, argument)).values),
    count: sumOf(averagedTo(1, each).values),
  };
}

/** What the samples of a batch without values weigh. Nothing is as long as the shape of the losses, which are not there. */
function weightOfSamples(losses: readonly number[], weights: Doubles, argument: string): number {
  const [lossShape, weightShape] = withSameRank(losses, weights.shape);
  const own = lossShape.slice(0, weightShape.length);
  if (!sameShape(broadcastShape(weightShape, own, argument, "the losses"), own)) {
    throw wrongShape(own, weights, argument);
  }
  const [samples = 1] = own;
  const [weighed = 1] = weightShape;
  if (sizeOf(weightShape.slice(1)) === 0) return weighed === 0 ? 0 : Number.NaN;
  const sum = sumOf(averagedTo(1, { values: weights.values, shape: weightShape }).values);
  return weighed === samples ? sum : sum * samples;
}

function wrongShape(losses: readonly number[], { shape }: Doubles, argument: string): RangeError {
  const [expected, received] = [losses, shape].map((each) => `[${each.join(", ")}]`);
  const fitting = `a shape that broadcasts to that of the losses, ${expected}`;
  return wrongValue(argument, fitting, `${received}`);
}
