import { described, unreadable, withArticle, wrongKind, wrongValue } from "../errors.js";
import {
  bufferOf,
  byteOffsetOf,
  bytesPerValue,
  kindOf,
  lengthOf,
  newArray,
  type TypedArray,
  viewIn,
} from "../typed-arrays.js";
import { type Dtype, dtypesOf, type TensorData } from "./dtypes.js";
import { type Held, held } from "./held.js";
import { remedyOf } from "./remedies.js";
import { maxRank, readShape } from "./shapes.js";
import { RowTensor } from "./tensor.js";

/** The initial capacity, which then doubles: the length of a proxy can be a lie. */
const valuesAtFirst = 1024;

/** Collects the numbers, booleans and bigints of nested arrays. */
class Numbers {
  #values: Float64Array;
  #count = 0;
  #areBooleans = true;
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
    this.#values = new Float64Array(Math.min(size, valuesAtFirst));
  }

  add(item: unknown, place: () => string): void {
    if (this.#count === this.#values.length) {
      // A growing JavaScript array of this length could end the process.
      const shorter = this.#values;
      this.#values = new Float64Array(Math.min(this.#size, 2 * this.#count));
      this.#values.set(shorter);
    }
    this.#values[this.#count++] = this.#numberOf(item, place);
    this.#areBooleans &&= typeof item === "boolean";
  }

  tensor(shape: readonly number[]): RowTensor {
    return this.#areBooleans && this.#count > 0
      ? new RowTensor(Uint8Array.from(this.#values), shape, "bool", "nested")
      : new RowTensor(this.#values, shape, "float64", "nested");
  }

  #numberOf(item: unknown, place: () => string): number {
    if (typeof item === "number" || typeof item === "boolean") return Number(item);
    if (typeof item !== "bigint") throw wrongItem(item, place());
    const number = Number(item);
    if (!Number.isFinite(number) || BigInt(number) !== item) {
      throw wrongValue(place(), "a bigint that a double holds exactly", described(item));
    }
    return number;
  }
}

function wrongItem(item: unknown, place: string): TypeError {
  const isList = Array.isArray(item) || kindOf(item) !== undefined;
  const remedy = isList ? undefined : remedyOf(item);
  return remedy === undefined
    ? wrongKind(place, "a number, a boolean or a bigint", described(item))
    : unreadable(place, described(item), remedy);
}

/** An iterable that states its length, such as an array of booleans that a library implements. */
export type Counted = Iterable<unknown> & { readonly length: number };

export const isCounted = (value: unknown): value is Counted =>
  typeof value === "object" &&
  value !== null &&
  Symbol.iterator in value &&
  Number.isSafeInteger((value as { length?: unknown }).length);

/** Reads the numbers of an iterable. `argument` is its name in messages. */
export function fromCounted(values: Counted, argument: string): RowTensor {
  const { length } = values;
  const numbers = new Numbers(length);
  let count = 0;
  const place = () => `${argument}[${count}]`;
  for (const item of values) {
    if (count === length) throw wrongValue(argument, `${length} values`, "more");
    numbers.add(item, place);
    count++;
  }
  if (count < length) throw wrongValue(argument, `${length} values`, `${count}`);
  return numbers.tensor([length]);
}

/**
 * Collects typed arrays of one kind and length: in their own memory, as long as each begins where
 * the last one ends.
 */
class Rows {
  readonly #kind: string;
  readonly #dtype: Dtype;
  readonly #width: number;
  readonly #size: number;
  readonly #buffer: ArrayBufferLike;
  readonly #byteOffset: number;
  #count = 0;
  #copy: TypedArray | undefined;

  constructor({ data, dtypes }: Held, width: number, size: number) {
    this.#kind = kindOf(data) as string;
    this.#dtype = dtypes[0] as Dtype;
    this.#width = width;
    this.#size = size;
    this.#buffer = bufferOf(data);
    this.#byteOffset = byteOffsetOf(data);
  }

  add(item: unknown, place: () => string): void {
    // `place()` builds a string, so it is called only if it may be needed.
    const row = dtypesOf(item) === undefined ? held(item, place())?.data : (item as TensorData);
    if (row === undefined || kindOf(row) !== this.#kind || lengthOf(row) !== this.#width) {
      const expected = `${withArticle(this.#kind)} of length ${this.#width}`;
      throw wrongValue(place(), expected, described(item));
    }
    const at = this.#count++ * this.#width;
    const byteOffset = this.#byteOffset + at * bytesPerValue(this.#kind);
    const follows = bufferOf(row) === this.#buffer && byteOffsetOf(row) === byteOffset;
    if (follows && this.#copy === undefined) return;
    this.#roomFor(at + this.#width, at).set(row as never, at);
  }

  tensor(shape: readonly number[]): RowTensor {
    const data = this.#copy ?? this.#inPlace(this.#size);
    return new RowTensor(data as TensorData, shape, this.#dtype, "array");
  }

  #inPlace(length: number): TypedArray {
    return viewIn(this.#kind, this.#buffer, this.#byteOffset, length);
  }

  /** Returns a copy of the first `filled` values, with room for `n`. */
  #roomFor(n: number, filled: number): TypedArray {
    const shorter = this.#copy ?? this.#inPlace(filled);
    if (this.#copy === undefined || lengthOf(shorter) < n) {
      const length = Math.min(this.#size, Math.max(2 * n, valuesAtFirst));
      this.#copy = newArray(this.#kind, length);
      this.#copy.set(shorter as never);
    }
    return this.#copy;
  }
}

/**
 * Reads nested arrays, or a number, as a tensor. The innermost arrays can be typed arrays.
 * `argument` is the name in messages.
 */
export function fromNested(nested: unknown, argument: string): RowTensor {
  const lengths: unknown[] = [];
  let first = nested;
  for (; Array.isArray(first); first = first[0]) {
    if (lengths.push(first.length) > maxRank) {
      throw wrongValue(argument, `at most ${maxRank} dimensions`, "deeper nesting");
    }
  }
  const row = held(first, argument + "[0]".repeat(lengths.length));
  if (row !== undefined) lengths.push(lengthOf(row.data));
  const shape = readShape(lengths, argument);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const depth = row === undefined ? shape.length : shape.length - 1;
  const leaves =
    row === undefined ? new Numbers(size) : new Rows(row, shape[depth] as number, size);
  const path: number[] = [];
  const place = (end: number) => () =>
    argument +
    path
      .slice(0, end)
      .map((i) => `[${i}]`)
      .join("");
  const placeOfLeaf = place(depth);
  const collect = (item: unknown, level: number) => {
    if (level === depth) {
      leaves.add(item, placeOfLeaf);
      return;
    }
    const length = shape[level] as number;
    if (!Array.isArray(item) || item.length !== length) {
      throw wrongValue(place(level)(), `an array of length ${length}`, described(item));
    }
    for (let i = 0; i < length; i++) {
      path[level] = i;
      collect(item[i], level + 1);
    }
  };
  collect(nested, 0);
  return leaves.tensor(shape);
}
