// Histograms of doubles whose range nobody knows in advance. The bins are the same for all data, so
// the counts of parts add up: each power of two has 32 bins, on both sides of 0.
import { highWord } from "../../tensor/cast.js";

/** Sign, exponent and 5 more bits of the high word of a double tell its bin; these bits do not. */
const otherBits = 15;

/** The number of bins on each side of 0. */
const side = 1 << (31 - otherBits);

const words = new Uint32Array(2);
const double = new Float64Array(words.buffer);

/** Returns the smallest value in a bin of positive values. */
function lowEdge(bin: number): number {
  words[1 - highWord] = 0;
  words[highWord] = bin << otherBits;
  return double[0] as number;
}

/** Returns the place in which -value is counted. */
function placeOf(value: number): number {
  double[0] = 0 - value;
  return (words[highWord] as number) >>> otherBits;
}

/** The place of minus infinity. NaN has the places above it, on both sides. */
const infinite = placeOf(-Infinity);

/** The number of a bin, from 0 for positive values and down from -1 for all others, and its count. */
export type SavedBin = readonly [bin: number, count: number];

/** Whether a number is the number of a bin of finite values. */
export const isBin = (bin: number) => Number.isInteger(bin) && bin >= -infinite && bin < infinite;

/** Returns the edges of a bin. The one nearer to 0 belongs to it. */
export function edgesOf(bin: number): readonly [from: number, to: number] {
  const [low, high] = [lowEdge(Math.max(bin, -1 - bin)), lowEdge(Math.max(bin + 1, -bin))];
  const finite = Math.min(high, Number.MAX_VALUE);
  return bin < 0 ? [-finite, -low] : [low, finite];
}

/** Counts doubles in bins, and those below a limit. */
export class Bins {
  readonly #limit: number;
  /**
   * By the sign and size of 0 - value: those that are not above 0 come first. Negative zeros would be
   * among the others if values were not subtracted from 0.
   */
  readonly #counts = new Float64Array(2 * side);
  /** The values below the limit that are in its bin. */
  #belowInBin = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds the first n values, whose memory is overwritten. */
  add(values: Float64Array, n: number): void {
    const halves = new Uint32Array(values.buffer, values.byteOffset, 2 * n);
    const counts = this.#counts;
    const limit = this.#limit;
    const placeOfLimit = placeOf(limit);
    let below = 0;
    // Branches by the size of a value would be mispredicted.
    for (let i = 0; i < n; i++) {
      const value = values[i] as number;
      values[i] = 0 - value;
      const place = (halves[2 * i + highWord] as number) >>> otherBits;
      counts[place] = (counts[place] as number) + 1;
      if (place === placeOfLimit && value < limit) below++;
    }
    this.#belowInBin += below;
  }

  #sum(from: number, to: number): number {
    return this.#counts.subarray(from, to).reduce((sum, count) => sum + count, 0);
  }

  /** The number of values that are not above 0. */
  get notPositive(): number {
    return this.#sum(0, infinite + 1);
  }

  /** The number of values below the limit, which is at least 0. */
  get below(): number {
    const place = placeOf(this.#limit);
    const inOtherBins =
      this.#limit > 0
        ? this.notPositive + this.#sum(side, place)
        : this.#sum(place + 1, infinite + 1);
    return inOtherBins + this.#belowInBin;
  }

  get minusInfinite(): number {
    return this.#counts[infinite] as number;
  }

  get infinite(): number {
    return this.#counts[side + infinite] as number;
  }

  get nan(): number {
    return this.#sum(infinite + 1, side) + this.#sum(side + infinite + 1, 2 * side);
  }

  /** Returns the bins of finite values that are not empty, in the order of their values. */
  toJSON(): SavedBin[] {
    const bins: SavedBin[] = [];
    for (let bin = -infinite; bin < infinite; bin++) {
      const count = this.#counts[bin < 0 ? -1 - bin : side + bin] as number;
      if (count > 0) bins.push([bin, count]);
    }
    return bins;
  }
}
