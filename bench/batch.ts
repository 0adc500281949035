import type { Values } from "./baselines.js";
import type { Case } from "./cases.js";

/** The arrays of a case, and the same bytes as the read probe takes them: two halves. */
export interface Batch {
  readonly yTrue: Values;
  readonly yPred: Float32Array;
  readonly halves: readonly [Float32Array, Float32Array];
  readonly rows: number;
  readonly width: number;
  readonly bytes: number;
}

/** More random values than a branch predictor can learn; longer arrays repeat them. */
const period = 1_000_003;

function* randomNumbers(): Generator<number, never> {
  for (let state = 1; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

function repeat(values: Values, length: number): void {
  for (let done = length; done < values.length; done *= 2) values.copyWithin(done, 0, done);
}

/**
 * Predictions between -2 and 2, and labels. Both stand in one buffer, so that the probe can read exactly
 * the bytes that a loss reads in one call, whatever the dtype of the labels is.
 */
export function makeBatch({ labels, labelDtype, input, ...wanted }: Case): Batch {
  const width = input === "arrays" ? wanted.n : Math.min(wanted.width, wanted.n);
  const rows = Math.floor(wanted.n / width);
  const n = rows * width;
  const LabelArray = labelDtype === "int8" ? Int8Array : Float32Array;
  const bytes = n * (Float32Array.BYTES_PER_ELEMENT + LabelArray.BYTES_PER_ELEMENT);
  const buffer = new ArrayBuffer(bytes);
  const yPred = new Float32Array(buffer, 0, n);
  const yTrue = new LabelArray(buffer, yPred.byteLength, n);

  const random = randomNumbers();
  const next = () => random.next().value;
  const distinct = Math.min(rows, Math.ceil(period / width)) * width;
  for (let i = 0; i < distinct; i++) {
    yPred[i] = (next() - 0.5) * 4;
    if (labels !== "onehot") yTrue[i] = next() < 0.5 ? 1 : labels === "signed" ? -1 : 0;
  }
  if (labels === "onehot") {
    for (let i = 0; i < distinct; i += width) yTrue[i + Math.floor(next() * width)] = 1;
  }
  repeat(yPred, distinct);
  repeat(yTrue, distinct);

  const half = Math.floor(bytes / 2 / Float32Array.BYTES_PER_ELEMENT);
  const halves = [
    new Float32Array(buffer, 0, half),
    new Float32Array(buffer, 4 * half, half),
  ] as const;
  return { yTrue, yPred, halves, rows, width, bytes };
}
