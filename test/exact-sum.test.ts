// Exact sums against whole numbers: every double is a multiple of 2 ** -1074.
import { describe, expect, test } from "vitest";
import { ExactSum } from "../lib/backend/exact-sum.js";
import { generator, integerBelow, type Random } from "./support/data.js";

const { MAX_VALUE: max, MIN_VALUE: min } = Number;
const largest = 2 ** 1023;

const words = new DataView(new ArrayBuffer(8));

/** The multiple of 2 ** -1074 that a finite double is. */
function multipleOf(x: number): bigint {
  words.setFloat64(0, x);
  const bits = words.getBigUint64(0);
  const exponent = (bits >> 52n) & 0x7ffn;
  const fraction = bits & ((1n << 52n) - 1n);
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return x < 0 ? -magnitude : magnitude;
}

/** The double nearest to a multiple of 2 ** -1074, ties to even. */
function nearest(multiple: bigint): number {
  const magnitude = multiple < 0n ? -multiple : multiple;
  // BigInts become numbers in that way too, but only up to 2 ** 1024: of a longer one 64 digits do, the last of which tells
  // whether others follow.
  const shift = BigInt(Math.max(0, magnitude.toString(2).length - 64));
  const kept = magnitude >> shift;
  const digits = kept << shift === magnitude ? kept : kept | 1n;
  const value = Number(digits) * 2 ** (Number(shift) - 1074);
  return multiple < 0n ? -value : value;
}

function oracle(numbers: readonly number[]): number {
  const special = numbers.filter((x) => !Number.isFinite(x));
  if (special.length > 0) return special.reduce((sum, x) => sum + x, 0);
  return nearest(numbers.reduce((sum, x) => sum + multipleOf(x), 0n));
}

function sumOf(numbers: readonly number[]): ExactSum {
  const sum = new ExactSum();
  for (const x of numbers) sum.add(x);
  return sum;
}

function shuffled(numbers: readonly number[], random: Random): number[] {
  const order = [...numbers];
  for (let i = order.length - 1; i > 0; i--) {
    const j = integerBelow(i + 1, random);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

/** Doubles of all sizes, of one size, of few bits, and of the largest, many of which cancel. */
const kinds: Readonly<Record<string, (random: Random) => number>> = {
  "of all sizes": (random) => (random() - 0.5) * 2 ** (integerBelow(2098, random) - 1074),
  "of one size": (random) => random() - 0.5,
  "subnormal and small": (random) =>
    (integerBelow(7, random) - 3) * min * 2 ** integerBelow(60, random),
  "of one bit": (random) => (random() < 0.5 ? -1 : 1) * 2 ** (integerBelow(2097, random) - 1074),
  "around the largest": (random) =>
    (random() < 0.5 ? -1 : 1) *
    (random() < 0.5 ? max : largest - 2 ** (970 - integerBelow(60, random))),
  "that make ties": (random) =>
    [1, -1, 2 ** -53, -(2 ** -53), 2 ** -54, 2 ** -106, -(2 ** -106), 2 ** 53][
      integerBelow(8, random)
    ] as number,
};

describe("exact sums", () => {
  test("the oracle rounds as JavaScript does", () => {
    const random = generator(1);
    for (let i = 0; i < 2000; i++) {
      const [a, b] = [kinds["of all sizes"], kinds["around the largest"]].map((kind) =>
        kind?.(random),
      );
      for (const [x, y] of [
        [a, a],
        [a, b],
        [b, b],
      ] as [number, number][]) {
        expect(oracle([x, y])).toBe(x + y === 0 ? 0 : x + y);
      }
    }
  });

  test.each(Object.keys(kinds))("of numbers %s, in any order and cut anywhere", (name) => {
    const random = generator(2);
    for (let round = 0; round < 400; round++) {
      const numbers = Array.from({ length: 1 + integerBelow(120, random) }, () =>
        (kinds[name] as (random: Random) => number)(random),
      );
      if (random() < 0.3) numbers.push(...numbers.slice(1).map((x) => -x));
      const expected = oracle(numbers);
      expect(sumOf(numbers).value).toBe(expected);
      const order = shuffled(numbers, random);
      const cut = integerBelow(order.length, random);
      const merged = sumOf(order.slice(0, cut));
      merged.addAll(sumOf(order.slice(cut)));
      expect(merged.value).toBe(expected);
      const json: unknown = JSON.parse(JSON.stringify(merged));
      expect(ExactSum.from(json as unknown[]).value).toBe(expected);
    }
  });

  test.each([
    [[], 0],
    [[-0, -0], 0],
    [[1, -1], 0],
    [[1, Infinity], Infinity],
    [[Infinity, -Infinity], Number.NaN],
    [[Number.NaN, 1, Infinity], Number.NaN],
    [[max, max], Infinity],
    [[max, max, -max], max],
    [[-max, -max, max, max, max], max],
    [[max, 2 ** 970], Infinity],
    [[max, 2 ** 970, -min], max],
    [[max, 2 ** 969], max],
    [[largest, largest, -min], Infinity],
    [[largest, largest, -(2 ** 970)], Infinity],
    [[largest, largest, -(2 ** 970), -min], max],
    [[largest, largest], Infinity],
    [[1, 2 ** -53, min], 1 + 2 ** -52],
    [[1, 2 ** -53, -min], 1],
    [[0.1, 0.2, 0.3, -0.6], 2.7755575615628914e-17],
    [new Array<number>(1000).fill(max), Infinity],
    [[...new Array<number>(1000).fill(max), ...new Array<number>(999).fill(-max)], max],
  ])("of %j is %d", (numbers, expected) => {
    expect(sumOf(numbers).value).toBe(expected);
    expect(ExactSum.from(sumOf(numbers).toJSON()).value).toBe(expected);
  });

  test("a sum that is added to itself doubles", () => {
    const sum = sumOf([0.1, 1e300, -7]);
    sum.addAll(sum);
    expect(sum.value).toBe(oracle([0.1, 1e300, -7, 0.1, 1e300, -7]));
  });

  test("no list of numbers is an error", () => {
    for (const wrong of ["x", null, {}, "1"]) {
      expect(() => ExactSum.from([0, wrong])).toThrow(TypeError);
    }
  });
});
