import type { Formula, LossSpec } from "../losses/spec.js";
import { bytesOf, type RawArray, type Results, rawArrayIn } from "../tensor/cast.js";
import { codes, type TensorData } from "../tensor/dtypes.js";
import { rowMajorStrides } from "../tensor/shapes.js";
import { type RowTensor, storedIn } from "../tensor/tensor.js";

import type { Call, Operand, RowRange } from "./call.js";
import {
  checkSlots,
  frameSize,
  operations,
  plainSumIn,
  readResults,
  type Slots,
  slot,
  writeCall,
  writePlain,
} from "./call-frame.js";
import type { Backend, Evaluated, PlainBatch } from "./interface.js";
import { portable } from "./portable/portable.js";
import type { Totals } from "./totals.js";

/** The constructor of memory that cannot be detached, if there is one; captured at load. */
const { SharedArrayBuffer: SharedMemory } = globalThis as {
  readonly SharedArrayBuffer?: SharedArrayBufferConstructor;
};

/** Arrays of a call, in the order of the addon's parameters. */
type Arrays = readonly [
  labels: RawArray,
  predictions: RawArray,
  losses?: Results | undefined,
  gradient?: Results | undefined,
  weights?: RawArray | undefined,
  mask?: RawArray | undefined,
  classWeights?: Float64Array | undefined,
];

/**
 * The exports of native/binding/addon.cpp. Numbers are passed through a frame: see call-frame.ts.
 */
export interface Addon {
  /**
   * Sets the frame, and returns the one in use: the first that was passed, if the library is loaded
   * twice.
   */
  initialize(frame: Float64Array): Float64Array;
  evaluate(...arrays: Arrays): void;
  /** Does the same with a frame of its own. */
  evaluateWith(frame: Float64Array, ...arrays: Arrays): void;
  /** Does the same in another thread. */
  evaluateInBackground(frame: Float64Array, ...arrays: Arrays): Promise<void>;
  /** Whether two typed arrays share memory, even through different buffers. */
  overlaps(a: unknown, b: unknown): boolean;
  /** Names of instruction sets, the best first. */
  kernels(): string[];
  /** Returns false if this machine has no kernel of that name. */
  useKernel(name: string): boolean;
  /** Names of losses, in the order of their numbers. */
  losses(): string[];
  /** The index and the size of each slot of the frame. */
  callFrame(): Slots;
  setThreads(count: number): void;
  /** Returns 0 until it is set. */
  threads(): number;
}

/** Throws unless an addon has the call frame of this version of the library. */
export function checkAddon(addon: unknown): void {
  checkSlots((addon as Partial<Addon>).callFrame?.() ?? {});
}

/** The slots of each operand with strides. */
const operandSlots = [
  { name: "labels", code: slot.labelDtype, strides: slot.labelStrides, offset: slot.labelOffset },
  {
    name: "predictions",
    code: slot.predictionDtype,
    strides: slot.predictionStrides,
    offset: slot.predictionOffset,
  },
  {
    name: "weights",
    code: slot.weightDtype,
    strides: slot.weightStrides,
    offset: slot.weightOffset,
  },
  { name: "mask", code: slot.maskDtype, strides: slot.maskStrides, offset: slot.maskOffset },
  {
    name: "gradient",
    code: slot.gradientDtype,
    strides: slot.gradientStrides,
    offset: slot.gradientOffset,
  },
] as const;

/** Writes the logical shape, and the layout of each operand over it. */
function writeStrides(frame: Float64Array, call: Call, shape: readonly number[]): void {
  // The addon wants the width as the last axis: of a flat call it is 1.
  const full = call.isFlat ? [...shape, 1] : shape;
  frame[slot.rank] = full.length;
  frame.set(full, slot.shape);
  for (const { name, strides, offset } of operandSlots) {
    const operand: Operand | undefined = call[name];
    if (operand === undefined) continue;
    const areOfRows =
      name === "weights" || name === "mask" || (name === "labels" && call.encoding === "sparse");
    const axes = areOfRows ? shape.slice(0, -1) : shape;
    const own = operand.strides ?? rowMajorStrides(axes);
    frame.set(own.slice(0, axes.length), strides);
    if (call.isFlat) frame[strides + axes.length] = 0;
    frame[offset] = operand.offset;
  }
}

/** Copies a few numbers. A loop, because `set` takes longer. */
function copyRows(from: Results, rows: number, to: TensorData): void {
  for (let row = 0; row < rows; row++) to[row] = from[row] as number;
}

const fewBytes = 64;
const codeCount = Object.keys(codes).length;

/** The addon as a backend. */
export class NativeBackend implements Backend {
  readonly valuesAtOnce = 65536;
  readonly #addon: Addon;
  /** Shared with the addon, which is faster than passing numbers as arguments and results. */
  readonly #frame: Float64Array;
  readonly #evaluate: (...arrays: Arrays) => void;
  readonly #lossNumbers: ReadonlyMap<string, number>;
  /** The last loss and its number, because calls usually repeat it. */
  #lastSpec: LossSpec | undefined;
  #lastNumber = 0;
  readonly #bytesOfFew = new ArrayBuffer(fewBytes);
  /** Views of these bytes, by number and dtype. */
  readonly #few: Results[] = [];

  constructor(addon: Addon) {
    this.#addon = addon;
    if (SharedMemory === undefined) {
      const frame = new Float64Array(frameSize);
      this.#frame = frame;
      this.#evaluate = (...arrays) => addon.evaluateWith(frame, ...arrays);
    } else {
      this.#frame = addon.initialize(new Float64Array(new SharedMemory(8 * frameSize)));
      this.#evaluate = addon.evaluate;
    }
    this.#lossNumbers = new Map(addon.losses().map((name, number) => [name, number]));
  }

  sum(formula: Formula, code: number, labels: RowTensor, predictions: RowTensor) {
    const frame = this.#frame;
    frame[slot.operation] = operations.sum;
    frame[slot.loss] = this.#numberOf(formula.spec);
    writePlain(frame, formula, code, labels, predictions);
    // The addon checks the arrays, and throws if it refuses one. The general path then checks them
    // again, for a better message, or calls the addon and passes its error on.
    try {
      this.#evaluate(labels.stored, predictions.stored);
    } catch {
      return undefined;
    }
    return plainSumIn(frame);
  }

  rows(batch: PlainBatch, losses: TensorData): boolean {
    const { labels, predictions, dtype, out } = batch;
    const { rows } = predictions;
    const frame = this.#frame;
    const code = this.#fillPlain(batch);
    frame[slot.operation] = operations.rows;
    frame[slot.lossesDtype] = code;
    const few = out === undefined ? this.#memoryForFew(code, rows) : undefined;
    try {
      const results = few ?? (storedIn(losses, dtype) as Results);
      this.#evaluate(labels.stored, predictions.stored, results);
    } catch {
      return false;
    }
    if (few !== undefined) copyRows(few, rows, losses);
    return plainSumIn(frame) !== undefined;
  }

  gradient(
    batch: PlainBatch,
    divisor: number,
    gradient: TensorData,
    losses: Results | undefined,
  ): number | undefined {
    const { labels, predictions, dtype } = batch;
    const { rows } = predictions;
    const frame = this.#frame;
    const code = this.#fillPlain(batch);
    frame[slot.operation] = operations.gradient;
    frame[slot.divisor] = divisor;
    frame[slot.lossesDtype] = frame[slot.gradientDtype] = code;
    const few = losses && this.#memoryForFew(code, rows);
    try {
      const results = storedIn(gradient, dtype) as Results;
      this.#evaluate(labels.stored, predictions.stored, few ?? losses, results);
    } catch {
      return undefined;
    }
    if (few !== undefined) copyRows(few, rows, losses as Results);
    return plainSumIn(frame);
  }

  /**
   * Returns memory from which n results are copied, or undefined if they are not few. V8 keeps new
   * arrays of up to 64 bytes in its own heap, and moving one out of it for the addon takes longer
   * than the copy.
   */
  #memoryForFew(code: number, n: number): Results | undefined {
    if (n * bytesOf(code) > fewBytes) return undefined;
    const key = n * codeCount + code;
    this.#few[key] ??= rawArrayIn(code, this.#bytesOfFew, 0, n) as Results;
    return this.#few[key];
  }

  /** Writes a plain batch, and returns the code of its dtype. */
  #fillPlain({ formula, dtype, labels, predictions }: PlainBatch): number {
    const code = codes[dtype];
    this.#frame[slot.loss] = this.#numberOf(formula.spec);
    writePlain(this.#frame, formula, code, labels, predictions);
    return code;
  }

  #numberOf(spec: LossSpec): number {
    if (spec !== this.#lastSpec) {
      this.#lastSpec = spec;
      this.#lastNumber = this.#lossNumbers.get(spec.name) as number;
    }
    return this.#lastNumber;
  }

  evaluate(call: Call, range: RowRange, totals: Totals): boolean {
    // The addon evaluates batches that have values.
    if (call.operation === "clear" || call.rows * call.width === 0) {
      return portable.evaluate(call, range, totals);
    }
    const frame = this.#frame;
    this.#fill(frame, call, range);
    const { labels, predictions, weights, mask, classWeights, losses, gradient } = call;
    this.#evaluate(
      labels.values,
      predictions.values,
      losses?.values,
      gradient?.values,
      weights?.values,
      mask?.values,
      classWeights,
    );
    return readResults(frame, call, totals);
  }

  async evaluateInBackground(call: Call, range: RowRange, totals: Totals): Promise<Evaluated> {
    const frame = new Float64Array(frameSize);
    this.#fill(frame, call, range);
    const { labels, predictions, weights, mask, classWeights, losses, gradient } = call;
    await this.#addon.evaluateInBackground(
      frame,
      labels.values,
      predictions.values,
      losses?.values,
      gradient?.values,
      weights?.values,
      mask?.values,
      classWeights,
    );
    const wasBinary = readResults(frame, call, totals);
    return { wasBinary, milliseconds: frame[slot.milliseconds] as number };
  }

  #fill(frame: Float64Array, call: Call, { first, end }: RowRange): void {
    writeCall(frame, call, this.#numberOf(call.formula.spec));
    frame[slot.firstRow] = first;
    frame[slot.rows] = end - first;
    frame[slot.batchRows] = call.rows;
    frame[slot.isStrided] = call.shape === undefined ? 0 : 1;
    if (call.shape !== undefined) writeStrides(frame, call, call.shape);
  }
}
