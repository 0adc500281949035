/**
 * Exact sums of doubles: numbers are added in any order, and rounded once. So parts of a batch, threads, slices and machines
 * merge to the same bits, whoever is first. The twin of native/engine/exact_sum.h.
 */
import { described, wrongKind } from "./errors.js";

/** Terms stay below this, so that no addition of two of them overflows. */
const unit = 2 ** 1023;

/**
 * A sum with the semantics of `Math.sumPrecise`, but a sum of nothing, and any sum of 0, is +0.
 *
 * It is kept as a number of units of 2 ** 1023 and terms without a common bit, in the order of their size (Shewchuk's
 * expansions, 1997).
 */
export class ExactSum {
  /** Not finite where one of the numbers was not. */
  #units = 0;
  #terms: number[] = [];

  /**
   * Reads a sum that {@link ExactSum.toJSON} or the addon wrote.
   *
   * @param numbers - units, and terms in any order.
   * @throws TypeError if it is no such list.
   */
  static from(numbers: readonly unknown[] | Float64Array): ExactSum {
    const sum = new ExactSum();
    for (let i = 0; i < numbers.length; i++) {
      const number = restored(numbers[i]);
      if (i === 0) sum.#units = Number.isFinite(number) ? Math.trunc(number) : number;
      else sum.add(number);
    }
    return sum;
  }

  /** Adds a number. */
  add(number: number): void {
    const terms = this.#terms;
    let x = this.#withoutUnits(number);
    let kept = 0;
    for (let i = 0; i < terms.length; i++) {
      let y = terms[i] as number;
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const sum = x + y;
      const rest = y - (sum - x);
      if (rest !== 0) terms[kept++] = rest;
      x = this.#withoutUnits(sum);
    }
    terms.length = kept;
    if (x !== 0) terms.push(x);
  }

  /** Adds another sum, as if its numbers had been added here. */
  addAll(other: ExactSum): void {
    this.#units += other.#units;
    for (const term of [...other.#terms]) this.add(term);
  }

  /** The sum, rounded to the nearest double, ties to even. */
  get value(): number {
    if (this.#units === 0) return this.#rounded();
    if (!(Math.abs(this.#units) < 4)) return this.#units * Infinity;
    // A quarter of the sum, which does not overflow. The sum is above 2 ** 960: of the smallest terms the sign alone matters.
    const quarter = new ExactSum();
    quarter.add(this.#units * 2 ** 1021);
    for (const term of this.#terms) quarter.add(Math.abs(term) > 1 ? term / 4 : term);
    return quarter.value * 4;
  }

  /** Returns the sum as a list that {@link ExactSum.from} reads. Numbers that JSON lacks are strings. */
  toJSON(): (number | string)[] {
    return [Number.isFinite(this.#units) ? this.#units : `${this.#units}`, ...this.#terms];
  }

  /** Moves what is above a unit to the units, and everything of a number that is not finite. */
  #withoutUnits(x: number): number {
    if (Math.abs(x) < unit) return x;
    if (x - x !== 0) {
      this.#units += x;
      return 0;
    }
    this.#units += Math.sign(x);
    return x - Math.sign(x) * unit;
  }

  #rounded(): number {
    const terms = this.#terms;
    let i = terms.length;
    let sum = 0;
    let rest = 0;
    while (i > 0 && rest === 0) {
      const x = sum;
      const y = terms[--i] as number;
      sum = x + y;
      rest = y - (sum - x);
    }
    // Halfway between two doubles, the next term decides.
    if (i > 0 && rest < 0 === (terms[i - 1] as number) < 0) {
      const twice = 2 * rest;
      const next = sum + twice;
      if (next - sum === twice) sum = next;
    }
    return sum;
  }
}

const saved: readonly unknown[] = ["Infinity", "-Infinity", "NaN"];

function restored(value: unknown): number {
  if (typeof value === "number") return value;
  if (saved.includes(value)) return Number(value);
  throw wrongKind("sum", "numbers", described(value));
}
