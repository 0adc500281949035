// The arguments of a call in memory, and what has become of them.
import { isSharedArrayBuffer } from "node:util/types";
import type { TensorLike, TransferredInputs, WeightOptions } from "maxmargin";
import { valuesOf } from "../support/data.js";
import { argumentOf, type Operand, type Placed } from "./operands.js";
import type { Program } from "./program.js";
import { sameShape } from "./shapes.js";

interface Entry {
  readonly name: keyof TransferredInputs;
  readonly operand: Operand;
  readonly argument: TensorLike;
  /** Where the operand stands, unless it is nested, and what stood there before. */
  readonly placed: Placed | undefined;
  readonly before: Uint8Array;
}

export class Given {
  readonly yTrue: TensorLike;
  readonly yPred: TensorLike;
  readonly weighting: WeightOptions;
  readonly #entries: readonly Entry[];

  constructor(program: Program, isWeighted: boolean, isShared: boolean) {
    const entryOf = (name: keyof TransferredInputs, operand: Operand): Entry => {
      const { place } = operand;
      const own = isShared
        ? { ...operand, place: { ...place, memory: "shared" as const } }
        : operand;
      const { argument, placed } = argumentOf(own);
      const before = placed?.bytes.slice() ?? new Uint8Array();
      return { name, operand, argument, placed, before };
    };
    const yTrue = entryOf("yTrue", program.labels);
    const yPred = entryOf("yPred", program.predictions);
    const weights = (["sampleWeight", "mask"] as const).flatMap((name) => {
      const operand = isWeighted ? program[name] : undefined;
      return operand === undefined ? [] : [entryOf(name, operand)];
    });
    this.yTrue = yTrue.argument;
    this.yPred = yPred.argument;
    this.weighting = Object.fromEntries(weights.map(({ name, argument }) => [name, argument]));
    this.#entries = [yTrue, yPred, ...weights];
  }

  /** What is no longer as it was. */
  changes(): string[] {
    return this.#entries
      .filter(({ placed, before }) => placed && !Buffer.from(placed.bytes).equals(before))
      .map(({ name }) => `${name} was written to, or has moved`);
  }

  /** What should have moved and has not. */
  leftBehind(): string[] {
    return this.#entries
      .filter(({ placed }) => {
        const buffer = placed?.bytes.buffer;
        return buffer && !isSharedArrayBuffer(buffer) && buffer.byteLength > 0;
      })
      .map(({ name }) => `${name} has not moved`);
  }

  /** What came back from a call to which everything had moved, and is not what it was. */
  lost(returned: Partial<TransferredInputs>): string[] {
    return this.#entries
      .filter(({ name, operand, placed, before }) => {
        const tensor = returned[name];
        if (tensor === undefined || !sameShape(tensor.shape, operand.shape)) return true;
        const { dtype, data } = tensor;
        if (placed !== undefined) {
          const isOfKind = dtype === operand.dtype && data.length === operand.data.length;
          return !isOfKind || !Buffer.from(data.buffer as ArrayBuffer).equals(before);
        }
        const values = valuesOf(operand.dtype, operand.data);
        return !valuesOf(dtype, data).every((value, i) => Object.is(value, values[i]));
      })
      .map(({ name }) => `${name} did not come back as it was`);
  }
}
