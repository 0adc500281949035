import type { LossSpec } from "../losses/spec.js";
import type { RawArray, Results } from "../tensor/cast.js";
import { codes, type FloatDtype } from "../tensor/dtypes.js";
import type { RowTensor } from "../tensor/tensor.js";

import type { Call, Operand, RowRange } from "./call.js";
import { frameSize, numbersIn, operations, type Slot, slots } from "./call-frame.js";
import { ExactSum } from "./exact-sum.js";
import type { Backend, Evaluated } from "./interface.js";
import { portable } from "./portable/portable.js";
import type { Totals } from "./totals.js";

/** Arrays of a call, in the order in which the addon takes them. */
type Arrays = readonly [
  labels: RawArray,
  predictions: RawArray,
  weights?: RawArray | undefined,
  mask?: RawArray | undefined,
  losses?: Results | undefined,
  gradient?: Results | undefined,
];

/** The exports of native/binding/addon.cpp. Numbers go in and out through a frame: see call-frame.ts. */
export interface Addon {
  /** Returns the frame in use: the first that was offered, also where the library is there twice. */
  initialize(frame: Float64Array): Float64Array;
  evaluate(...arrays: Arrays): void;
  /** The same with a frame of its own. */
  evaluateWith(frame: Float64Array, ...arrays: Arrays): void;
  /** The same in another thread. */
  evaluateInBackground(frame: Float64Array, ...arrays: Arrays): Promise<void>;
  /** Whether two typed arrays have memory in common, whatever their buffers are. */
  overlaps(a: unknown, b: unknown): boolean;
  /** Names of instruction sets, the best first. */
  kernels(): string[];
  /** False where this machine has no kernel of that name. */
  useKernel(name: string): boolean;
  /** Names of losses, in the order of their numbers. */
  losses(): string[];
  setThreads(count: number): void;
  /** 0 until set. */
  threads(): number;
}

const at = (slot: Slot) => slots[slot][0];
const encodings = { signed: 0, auto: 1 } as const;

/** Slots of a small call. Looked up once: a batch of a few dozen values takes no longer than a lookup of all of them. */
const operationAt = at("operation");
const lossAt = at("loss");
const encodingAt = at("encoding");
const labelDtypeAt = at("labelDtype");
const predictionDtypeAt = at("predictionDtype");
const computeDtypeAt = at("computeDtype");
const firstRowAt = at("firstRow");
const rowsAt = at("rows");
const batchRowsAt = at("batchRows");
const widthAt = at("width");
const isStridedAt = at("isStrided");
const lossesAt = at("losses");

/** Names of the slots of each operand: its dtype, and, except for losses, its strides and its offset. */
const operandSlots = [
  ["labels", "labelDtype", "labelStrides", "labelOffset"],
  ["predictions", "predictionDtype", "predictionStrides", "predictionOffset"],
  ["weights", "weightDtype", "weightStrides", "weightOffset"],
  ["mask", "maskDtype", "maskStrides", "maskOffset"],
  ["gradient", "gradientDtype", "gradientStrides", "gradientOffset"],
] as const;

/** Row-major strides over a shape. */
function rowMajor(shape: readonly number[], frame: Float64Array, first: number): void {
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    frame[first + axis] = stride;
    stride *= shape[axis] as number;
  }
}

function writeOperands(frame: Float64Array, call: Call): void {
  const { shape, losses } = call;
  if (losses !== undefined) frame[at("lossesDtype")] = losses.code;
  for (const [name, dtype, strides, offset] of operandSlots) {
    const operand: Operand | undefined = call[name];
    if (operand === undefined) continue;
    frame[at(dtype)] = operand.code;
    if (shape === undefined) continue;
    const isOfRows = name === "weights" || name === "mask";
    const own = isOfRows ? shape.slice(0, -1) : shape;
    if (operand.strides === undefined) rowMajor(own, frame, at(strides));
    else frame.set(operand.strides.slice(0, own.length), at(strides));
    frame[at(offset)] = operand.offset;
  }
}

/** The addon as a backend. */
export class NativeBackend implements Backend {
  readonly valuesAtOnce = 65536;
  readonly #addon: Addon;
  /** Shared with the addon: it is faster than numbers as arguments and results. */
  readonly #frame: Float64Array;
  readonly #lossNumbers: ReadonlyMap<string, number>;

  constructor(addon: Addon) {
    this.#addon = addon;
    this.#frame = addon.initialize(new Float64Array(new SharedArrayBuffer(8 * frameSize)));
    this.#lossNumbers = new Map(addon.losses().map((name, number) => [name, number]));
  }

  sum({ name }: LossSpec, dtype: FloatDtype, labels: RowTensor, predictions: RowTensor): number {
    const frame = this.#frame;
    frame[operationAt] = operations.sum;
    frame[lossAt] = this.#lossNumbers.get(name) as number;
    frame[encodingAt] = encodings.auto;
    frame[labelDtypeAt] = labels.code;
    frame[predictionDtypeAt] = predictions.code;
    frame[computeDtypeAt] = codes[dtype];
    frame[firstRowAt] = 0;
    frame[rowsAt] = predictions.rows;
    frame[batchRowsAt] = predictions.rows;
    frame[widthAt] = predictions.width;
    frame[isStridedAt] = 0;
    this.#addon.evaluate(labels.stored, predictions.stored);
    return frame[lossesAt] as number;
  }

  evaluate(call: Call, range: RowRange, totals: Totals): boolean {
    if (call.operation === "clear") return portable.evaluate(call, range, totals);
    const frame = this.#frame;
    this.#fill(frame, call, range);
    this.#addon.evaluate(...arraysOf(call));
    return addResults(frame, totals);
  }

  async evaluateInBackground(call: Call, range: RowRange, totals: Totals): Promise<Evaluated> {
    const frame = new Float64Array(frameSize);
    this.#fill(frame, call, range);
    await this.#addon.evaluateInBackground(frame, ...arraysOf(call));
    const wasBinary = addResults(frame, totals);
    return { wasBinary, milliseconds: frame[at("milliseconds")] as number };
  }

  #fill(frame: Float64Array, call: Call, { first, end }: RowRange): void {
    frame[operationAt] = operations[call.operation as keyof typeof operations];
    frame[lossAt] = this.#lossNumbers.get(call.spec.name) as number;
    frame[encodingAt] = encodings[call.encoding];
    frame[computeDtypeAt] = call.code;
    frame[firstRowAt] = first;
    frame[rowsAt] = end - first;
    frame[batchRowsAt] = call.rows;
    frame[widthAt] = call.width;
    frame[at("divisor")] = call.divisor;
    frame[isStridedAt] = call.shape === undefined ? 0 : 1;
    if (call.shape !== undefined) {
      frame[at("rank")] = call.shape.length;
      frame.set(call.shape, at("shape"));
    }
    writeOperands(frame, call);
  }
}

function arraysOf({ labels, predictions, weights, mask, losses, gradient }: Call): Arrays {
  return [
    labels.values,
    predictions.values,
    weights?.values,
    mask?.values,
    losses?.values,
    gradient?.values,
  ];
}

/** Adds the sums that the addon wrote, and returns whether labels were read as 0 and 1. */
function addResults(frame: Float64Array, { losses, weights, kept }: Totals): boolean {
  losses.addAll(ExactSum.from(numbersIn(frame, "lossesSum")));
  weights.addAll(ExactSum.from(numbersIn(frame, "weightsSum")));
  kept.addAll(ExactSum.from(numbersIn(frame, "keptSum")));
  return frame[at("wasBinary")] === 1;
}
