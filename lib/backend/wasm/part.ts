import { bytesOf, type RawArray, rawArrayIn } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import { bufferOf, byteLengthOf, byteOffsetOf } from "../../typed-arrays.js";
import type { Operand } from "../call.js";
import { addDerivatives, gatherOperand, isStrided } from "../strided-operand.js";

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
  readonly #shape: readonly number[] | undefined;
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
    this.#operand = operand;
    this.#shape = shape;
    this.#size = bytesOf(operand.code);
    this.#bytes = bytesIn(operand.values);
  }

  /** Copies values into the memory, behind as many others as are skipped. */
  copyIn(memory: Uint8Array, span: Span, skipped = 0): void {
    const operand = this.#operand;
    const at = this.address + skipped * this.#size;
    if (isStrided(operand)) {
      const to = rawArrayIn(operand.code, memory.buffer, at, span.n);
      gatherOperand(operand, this.#shape, span.start, span.n, to);
    } else {
      memory.set(this.#bytesOf(span), at);
    }
  }

  /** Copies results out of the memory, or adds derivatives to those of repeated predictions. */
  copyOut(memory: Uint8Array, span: Span, skipped = 0): void {
    const operand = this.#operand;
    const at = this.address + skipped * this.#size;
    if (isStrided(operand)) {
      const derivatives = rawArrayIn(operand.code, memory.buffer, at, span.n) as Float64Array;
      addDerivatives(operand, this.#shape, span.start, span.n, derivatives);
    } else {
      this.#bytesOf(span).set(memory.subarray(at, at + span.n * this.#size));
    }
  }

  #bytesOf({ start, n }: Span): Uint8Array {
    const first = (this.#operand.offset + start) * this.#size;
    return this.#bytes.subarray(first, first + n * this.#size);
  }
}
