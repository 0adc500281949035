/**
 * Exact sums of doubles: numbers can be added in any order, and the sum is rounded once. So parts
 * of a batch from threads, slices and machines merge to the same bits in any order. The twin of
 * native/engine/exact_sum.h.
 */
import { described, wrongKind } from "../errors.js";

/** Terms stay below this, so that adding two of them cannot overflow. */
const unit = 2 ** 1023;

/** The terms of every sum of nothing, which costs no array of its own. Nothing is added to it. */
const none: number[] = [];

/**
 * A sum with the semantics of `Math.sumPrecise`, except that an empty sum, and every zero sum, is
 * +0.
 *
 * It consists of a number of units of 2 ** 1023 and of terms whose bits do not overlap, ordered by
 * size (Shewchuk's expansions, 1997).
 */
export class ExactSum {
  /** Not finite if one of the numbers was not finite. */
  #units = 0;
  #terms: number[] = none;

  /**
   * Reads a sum that {@link ExactSum.toJSON} wrote.
   *
   * @param numbers - units, and terms in any order.
   * @throws TypeError if it is not such a list.
   */
  static from(numbers: readonly unknown[]): ExactSum {
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
    // The first number is often the only one.
    if (this.#terms.length === 0 && Math.abs(number) < unit) {
      if (number !== 0) this.#terms = [number];
      return;
    }
    if (this.#terms === none) this.#terms = [];
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
    const terms = other === this ? [...other.#terms] : other.#terms;
    this.#units += other.#units;
    for (let i = 0; i < terms.length; i++) this.add(terms[i] as number);
  }

  /**
   * Adds a sum that the addon wrote: a count at `index`, followed by this many numbers, the units
   * first.
   */
  addNumbers(numbers: Float64Array, index: number): void {
    const count = numbers[index] as number;
    this.#units += numbers[index + 1] as number;
    for (let i = 2; i <= count; i++) this.add(numbers[index + i] as number);
  }

  /** The sum, rounded to the nearest double, ties to even. */
  get value(): number {
    if (this.#units === 0) return this.#rounded();
    if (!(Math.abs(this.#units) < 4)) return this.#units * Infinity;
    // A quarter of the sum does not overflow. The sum is above 2 ** 960, so only the sign of the
    // smallest terms matters.
    const quarter = new ExactSum();
    quarter.add(this.#units * 2 ** 1021);
    for (const term of this.#terms) quarter.add(Math.abs(term) > 1 ? term / 4 : term);
    return quarter.value * 4;
  }

  /**
   * Returns the sum as a list that {@link ExactSum.from} reads. NaN and infinities, which JSON
   * lacks, are strings.
   */
  toJSON(): (number | string)[] {
    return [Number.isFinite(this.#units) ? this.#units : `${this.#units}`, ...this.#terms];
  }

  /**
   * Moves whole units of a number, and numbers that are not finite, to the units. Returns the rest.
   */
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
    // If the sum is halfway between two doubles, the next term decides.
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
