import { kernelsFor } from "./backend.js";
import { sizeOf, Walk } from "./broadcast.js";
import { newStored, type Stored } from "./cast.js";
import { areBinary } from "./fallback.js";
import { asIs, labelsOfKind, predictionsOfKind } from "./kernels.js";

type Shape = readonly number[];

/** Values that are spread out at once: a large broadcast is never there as a whole. */
const valuesAtOnce = 65536;

/** Labels and predictions, and the shape over which they are broadcast. */
export interface Spread {
  readonly kind: number;
  readonly labels: Stored;
  readonly labelShape: Shape;
  readonly predictions: Stored;
  readonly predictionShape: Shape;
  readonly shape: Shape;
}

const widthOf = ({ shape }: Spread) => shape.at(-1) ?? 1;

/** Labels and predictions of some rows of that shape. */
interface Part {
  readonly kind: number;
  readonly labels: Stored;
  readonly predictions: Stored;
  readonly first: number;
  readonly rows: number;
}

/** Calls use(part) for all rows of the shape, a part at a time. */
function eachPart(spread: Spread, use: (part: Part) => void): void {
  const { kind, labels, labelShape, predictions, predictionShape, shape } = spread;
  const width = widthOf(spread);
  const rows = sizeOf(shape.slice(0, -1));
  const rowsAtOnce = Math.max(1, Math.floor(valuesAtOnce / width));
  const n = rowsAtOnce * width;
  const nextLabels = spreader(labels, labelShape, shape, newStored(labelsOfKind(kind), n));
  const nextPredictions = spreader(
    predictions,
    predictionShape,
    shape,
    newStored(predictionsOfKind(kind), n),
  );
  // The whole tensor decides whether labels are 0/1, not what of it is in a part.
  const how = areBinary(kind, labels) ? kind : kind | asIs;
  for (let first = 0; first < rows; first += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, rows - first);
    use({
      kind: how,
      labels: nextLabels(count),
      predictions: nextPredictions(count),
      first,
      rows: count,
    });
  }
}

/** Writes the losses of the rows of the shape. */
export function writeBroadcastLosses(spread: Spread, losses: Float64Array): void {
  const width = widthOf(spread);
  eachPart(spread, (part) => {
    const { first, rows } = part;
    const out = losses.subarray(first, first + rows);
    kernelsFor(rows * width).rowLosses(part.kind, part.labels, part.predictions, width, out);
  });
}

/**
 * The slopes of the rows of the shape, each row's times its factor, added up where predictions are repeated.
 *
 * @param round - rounds to the type that slopes are computed in.
 */
export function sumsOfBroadcastSlopes(
  spread: Spread,
  factors: Float64Array,
  round: (value: number) => number,
): Float64Array {
  const { predictionShape, shape } = spread;
  const sums = new Float64Array(sizeOf(predictionShape));
  const width = widthOf(spread);
  const ownWidth = predictionShape.at(-1) ?? 1;
  const step = ownWidth === 1 ? 0 : 1;
  const walk = new Walk(predictionShape.slice(0, -1), shape.slice(0, -1));
  const slopes = new Float64Array(Math.max(valuesAtOnce, width));
  eachPart(spread, (part) => {
    const { first, rows } = part;
    const out = slopes.subarray(0, rows * width);
    const kernels = kernelsFor(out.length);
    kernels.gradient(
      part.kind,
      part.labels,
      part.predictions,
      width,
      1,
      out,
      undefined,
      0,
      undefined,
      undefined,
    );
    for (let row = 0; row < rows; row++, walk.next()) {
      const factor = round(factors[first + row] as number);
      const start = walk.offset * ownWidth;
      for (let i = 0; i < width; i++) {
        const place = start + i * step;
        sums[place] = (sums[place] as number) + round((out[row * width + i] as number) * factor);
      }
    }
  });
  return sums;
}

/** A function that writes the next rows of a broadcast tensor to the start of `to`. */
function spreader(from: Stored, own: Shape, shape: Shape, to: Stored): (rows: number) => Stored {
  const width = shape.at(-1) ?? 1;
  const ownWidth = own.at(-1) ?? 1;
  const step = ownWidth === 1 ? 0 : 1;
  const walk = new Walk(own.slice(0, -1), shape.slice(0, -1));
  return (rows) => {
    for (let row = 0; row < rows; row++, walk.next()) {
      const start = walk.offset * ownWidth;
      for (let i = 0; i < width; i++) to[row * width + i] = from[start + i * step] as number;
    }
    return to.subarray(0, rows * width);
  };
}
