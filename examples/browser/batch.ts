import type { Values } from "../../bench/baselines.js";
import type { Choices } from "./choices.js";

/** Row-major arrays of a case. */
export interface Batch {
  /** A label for each prediction, or a class id for each row. */
  readonly labels: Values;
  readonly predictions: Float32Array;
  readonly rows: number;
  readonly width: number;
}

/** More random values than a branch predictor can learn; longer arrays repeat them. */
const period = 1_000_003;

const arrays = { float32: Float32Array, int8: Int8Array, int32: Int32Array };

/** Returns a function of the same random numbers from 0 to 1 for every batch. */
function randomNumbers(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Returns a prediction between -2 and 2, a multiple of 2**-20: differences of such predictions are
 * exact in float32, so a loop in double finds the same margins violated.
 */
const predictionOf = (random: number) => Math.round((random - 0.5) * 2 ** 22) / 2 ** 20;

function repeat(values: Values, length: number): void {
  for (let done = length; done < values.length; done *= 2) values.copyWithin(done, 0, done);
}

/** Makes whole rows, of about as many values as are chosen. */
export function makeBatch({ labels: kind, dtype, ...chosen }: Choices): Batch {
  const width = Number(chosen.width);
  const rows = Math.floor(Number(chosen.n) / width);
  const predictions = new Float32Array(rows * width);
  const labels: Values = new arrays[dtype](kind === "sparse" ? rows : rows * width);
  // int8 has numbers for 128 classes.
  const classes = dtype === "int8" ? Math.min(width, 128) : width;
  const random = randomNumbers();
  const distinct = Math.min(rows, Math.ceil(period / width));
  for (let row = 0; row < distinct; row++) {
    for (let i = row * width; i < (row + 1) * width; i++) {
      predictions[i] = predictionOf(random());
      if (kind === "signed") labels[i] = random() < 0.5 ? 1 : -1;
      if (kind === "binary") labels[i] = random() < 0.5 ? 1 : 0;
    }
    if (kind === "onehot") labels[row * width + Math.floor(random() * width)] = 1;
    if (kind === "sparse") labels[row] = Math.floor(random() * classes);
  }
  repeat(predictions, distinct * width);
  repeat(labels, kind === "sparse" ? distinct : distinct * width);
  return { labels, predictions, rows, width };
}
