import { bytesOf, type RawArray, rawArrayIn } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import { eachRun, gather } from "../../tensor/gather.js";
import { bufferOf, byteLengthOf, byteOffsetOf } from "../../typed-arrays.js";
import type { Operand } from "../call.js";

/** Values of an operand, by their logical index. */
export interface Span {
  readonly start: number;
  readonly n: number;
}

/** Returns the bytes of an array. */
export const bytesIn = (array: RawArray) =>
  rawArrayIn(codes.uint8, bufferOf(array), byteOffsetOf(array), byteLengthOf(array)) as Uint8Array;

/** An operand whose values pass through the memory of an instance, some at a time. */
export class Part {
  readonly #operand: Operand;
  /** The axes over which the operand has strides. */
  readonly #axes: readonly number[];
  /** The bytes of the whole array. */
  readonly #bytes: Uint8Array;
  readonly #size: number;

  /**
   * @param shape - the shape of the operand, if it has strides.
   * @param address - where its values are in the memory.
   */
  constructor(
    operand: Operand,
    shape: readonly number[] | undefined,
    readonly address: number,
  ) {
    const { values, code } = operand;
    this.#operand = operand;
    // The one row of a batch without other axes has one value, which is repeated for its parts.
    this.#axes = shape === undefined || shape.length === 0 ? [1] : shape;
    this.#size = bytesOf(code);
    this.#bytes = bytesIn(values);
  }

  /** Copies values into the memory, behind as many others as are skipped. */
  copyIn(memory: Uint8Array, span: Span, skipped = 0): void {
    const at = this.address + skipped * this.#size;
    const { values, code, strides } = this.#operand;
    if (strides === undefined) {
      memory.set(this.#bytesOf(span), at);
    } else {
      const to = rawArrayIn(code, memory.buffer, at, span.n);
      gather({ values, ...this.#layout(strides) }, this.#axes, span.start, to, span.n);
    }
  }

  /** Copies results out of the memory, or adds derivatives to those of repeated predictions. */
  copyOut(memory: Uint8Array, span: Span, skipped = 0): void {
    const at = this.address + skipped * this.#size;
    const { values, code, strides } = this.#operand;
    if (strides === undefined) {
      this.#bytesOf(span).set(memory.subarray(at, at + span.n * this.#size));
      return;
    }
    const sums = values as Float64Array;
    const derivatives = rawArrayIn(code, memory.buffer, at, span.n) as Float64Array;
    eachRun(this.#layout(strides), this.#axes, span.start, span.n, (from, step, count, first) => {
      for (let i = 0; i < count; i++) sums[from + i * step] += derivatives[first + i];
    });
  }

  #bytesOf({ start, n }: Span): Uint8Array {
    const first = (this.#operand.offset + start) * this.#size;
    return this.#bytes.subarray(first, first + n * this.#size);
  }

  #layout(strides: readonly number[]) {
    return { strides: strides.slice(0, this.#axes.length), offset: this.#operand.offset };
  }
}
