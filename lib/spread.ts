import { kernelsFor } from "./backend.js";
import { Walk } from "./broadcast.js";
import { newStored, type Stored } from "./cast.js";
import { areBinary } from "./fallback.js";
import { asIs, labelsOfKind, predictionsOfKind } from "./kernels.js";

type Shape = readonly number[];

/** Values that are spread out at once: a large broadcast is never there as a whole. */
const valuesAtOnce = 65536;

/** Writes the losses of the rows of `shape`, over which labels and predictions are broadcast. */
export function writeBroadcastLosses(
  kind: number,
  labels: Stored,
  labelShape: Shape,
  predictions: Stored,
  predictionShape: Shape,
  shape: Shape,
  losses: Float64Array,
): void {
  const width = shape.at(-1) as number;
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
  for (let first = 0; first < losses.length; first += rowsAtOnce) {
    const out = losses.subarray(first, first + rowsAtOnce);
    const y = nextLabels(out.length);
    const p = nextPredictions(out.length);
    kernelsFor(p.length).rowLosses(how, y, p, width, out);
  }
}

/** A function that writes the next rows of a broadcast tensor to the start of `to`. */
function spreader(from: Stored, own: Shape, shape: Shape, to: Stored): (rows: number) => Stored {
  const width = shape.at(-1) as number;
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
