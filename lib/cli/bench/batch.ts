import { tensor } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";

const labelArrays = {
  signed: Float32Array,
  binary: Int8Array,
  onehot: Int8Array,
  ids: Int32Array,
} as const;

/** Labels -1 and 1, labels 0 and 1, a 1 among the 0s of a row, or a class id for each row. */
export type LabelKind = keyof typeof labelArrays;

export type Labels = Float32Array | Int8Array | Int32Array;

/** Labels and predictions, row-major. */
export interface Batch {
  readonly labels: Labels;
  readonly predictions: Float32Array;
  readonly rows: number;
  readonly width: number;
}

/** More random values than a branch predictor learns; larger batches repeat them. */
const period = 1_000_003;

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
 * exact in float32, so loops in double find the same margins violated.
 */
const predictionOf = (random: number) => Math.round((random - 0.5) * 2 ** 22) / 2 ** 20;

function fillRow(batch: Batch, kind: LabelKind, row: number, random: () => number): void {
  const { labels, predictions, width } = batch;
  const end = (row + 1) * width;
  for (let i = end - width; i < end; i++) {
    predictions[i] = predictionOf(random());
    if (kind === "signed") labels[i] = random() < 0.5 ? -1 : 1;
    if (kind === "binary") labels[i] = random() < 0.5 ? 0 : 1;
  }
  const id = Math.floor(random() * width);
  if (kind === "onehot") labels[end - width + id] = 1;
  if (kind === "ids") labels[row] = id;
}

function repeat(values: Labels, length: number): void {
  for (let done = length; done < values.length; done *= 2) values.copyWithin(done, 0, done);
}

/** Makes as many whole rows as there are in some values. */
export function makeBatch(kind: LabelKind, width: number, values: number): Batch {
  const rows = Math.floor(values / width);
  const labelsInRow = kind === "ids" ? 1 : width;
  const labels = new labelArrays[kind](rows * labelsInRow);
  const predictions = new Float32Array(rows * width);
  const batch = { labels, predictions, rows, width };
  const random = randomNumbers();
  const distinct = Math.min(rows, Math.ceil(period / width));
  for (let row = 0; row < distinct; row++) fillRow(batch, kind, row, random);
  repeat(labels, distinct * labelsInRow);
  repeat(predictions, distinct * width);
  return batch;
}

/** Returns a batch as arguments of a loss. */
export function tensorsOf({ labels, predictions, rows, width }: Batch): [Tensor, Tensor] {
  const shape = [rows, width];
  const isPerRow = labels.length === rows && width > 1;
  return [tensor(labels, isPerRow ? [rows] : shape), tensor(predictions, shape)];
}

/** Returns a matrix as most JavaScript programs hold it, an array of rows. */
export function toRows(values: Labels, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, row) =>
    Array.from(values.subarray(row * width, (row + 1) * width)),
  );
}
