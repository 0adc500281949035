import { sameShape, sizeOf, withSameRank } from "./broadcast.js";
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

/**
 * What a batch adds to a metric: the sum of the losses of its samples, and their number or weight. Losses
 * are averaged down to the rank of the weights, both together down to the samples. Messages call the weights
 * `argument`.
 */
export function samplewise(
  losses: Doubles,
  weights: Doubles | undefined,
  argument: string,
): { total: number; count: number } {
  if (weights === undefined) {
    return { total: sumOf(averagedTo(1, losses).values), count: losses.shape[0] ?? 1 };
  }
  const [lossShape, weightShape] = withSameRank(losses.shape, weights.shape);
  const own = averagedTo(weightShape.length, { values: losses.values, shape: lossShape });
  const each = writtenOut({ values: weights.values, shape: weightShape }, own.shape, argument);
  if (each === undefined || !sameShape(each.shape, own.shape)) {
    throw wrongValue(
      argument,
      `a shape that broadcasts to that of the losses, [${own.shape.join(", ")}]`,
      `[${weights.shape.join(", ")}]`,
    );
  }
  return {
    total: sumOf(averagedTo(1, product(own, each, argument)).values),
    count: sumOf(averagedTo(1, each).values),
  };
}
