// Batches whose exact result lies between two float32 numbers: which of them comes out hangs on the last
// bit of the double sums on the way, so on the order of every addition. Ordinary results do not show it:
// rounding to float32 hides all but one in 2 ** 29 of such differences.
import { filled, integerBelow, type Random } from "./data.js";
import type { LossName } from "./losses.js";

/** How the values of a batch turn into a sum, and that into a result. */
export interface Summation {
  readonly title: string;
  readonly loss: LossName;
  readonly label: number;
  /** The prediction that adds nothing. */
  readonly nothing: number;
  /** A prediction that adds about `term`, and no more, and what it adds. */
  predictionOf(term: number): number;
  termOf(prediction: number): number;
  /** What is added to the terms, and what their sum is divided by. */
  base(n: number): number;
  divisor(n: number): number;
}

const { fround } = Math;

export const squaredTerms: Summation = {
  title: "squared hinge, terms",
  loss: "squared_hinge",
  label: -1,
  nothing: -1,
  predictionOf: (term) => fround(Math.floor(Math.sqrt(term) * 2 ** 24) / 2 ** 24 - 1),
  termOf: (p) => fround(fround(1 + p) ** 2),
  base: () => 0,
  divisor: (n) => n,
};

/** The `pos` of one row. */
export const products: Summation = {
  title: "categorical hinge, products",
  loss: "categorical_hinge",
  label: 1,
  nothing: 0,
  predictionOf: (term) => -fround(term),
  termOf: (p) => -p,
  base: () => 1,
  divisor: () => 1,
};

/** The losses of rows of one value: 1 and the prediction. */
export const rowLosses: Summation = {
  title: "categorical hinge, rows",
  loss: "categorical_hinge",
  label: 0,
  nothing: 0,
  predictionOf: fround,
  termOf: (p) => p,
  base: (n) => n,
  divisor: (n) => n,
};

/** Every term is a multiple of 2 ** -100. */
const exact = (value: number) => BigInt(value * 2 ** 100);

/** The middle between two float32 numbers, above a positive value. */
function tieAbove(value: number): number {
  const float = new Float32Array([value]);
  const bits = new Uint32Array(float.buffer);
  const low = float[0];
  bits[0] += 1;
  const middle = (low + float[0]) / 2;
  return middle > value ? middle : tieAbove(float[0]);
}

/**
 * n predictions. Of the 8 that float32 adds up (those a multiple of 8 apart in 64) one counts, so that
 * float32 rounds nothing. The terms have all their bits, at magnitudes so far apart that double does.
 */
export function nearTie(summation: Summation, n: number, random: Random): Float32Array {
  const { predictionOf, termOf } = summation;
  const places: number[] = [];
  for (let start = 0; start < n; start += 64) {
    for (let lane = 0; lane < Math.min(8, n - start); lane++) {
      const depth = Math.ceil(Math.min(64, n - start - lane) / 8);
      places.push(start + lane + 8 * integerBelow(depth, random));
    }
  }
  const corrections = filled(new Array<number>(4), () => {
    const [place] = places.splice(integerBelow(places.length, random), 1);
    return place;
  });

  const predictions = new Float32Array(n).fill(summation.nothing);
  let sum = exact(summation.base(n));
  for (const place of places) {
    predictions[place] = predictionOf((1 + random()) * 2 ** (random() * 36 - 20));
    sum += exact(termOf(predictions[place]));
  }
  const divisor = summation.divisor(n);
  let rest = exact(tieAbove(Number(sum) / 2 ** 100 / divisor) * divisor) - sum;
  for (const place of corrections) {
    if (rest <= 0n && summation.loss === "squared_hinge") break;
    predictions[place] = predictionOf(Number(rest) / 2 ** 100);
    rest -= exact(termOf(predictions[place]));
  }
  return predictions;
}

/** What comes out when the terms are added one after the other. */
export function addedInARow(summation: Summation, predictions: Float32Array): number {
  let sum = summation.base(predictions.length);
  for (const p of predictions) sum += summation.termOf(p);
  return fround(sum / summation.divisor(predictions.length));
}
