/**
 * The call frame: a Float64Array through which the numbers of a call go into C++, and those of its
 * result come out.
 */
import { type Formula, hasClasses, type LabelEncoding } from "../losses/spec.js";
import type { RowTensor } from "../tensor/tensor.js";
import { type Call, isWeighted } from "./call.js";
import type { Totals } from "./totals.js";

/** As many numbers as an exact sum has at most, and how many there are. */
const sum = 50;
const axes = 64;

const sizes: number[] = [];
let end = 0;

/** Returns the index of the next slot, which has `size` numbers. */
function next(size = 1): number {
  const index = end;
  sizes.push(size);
  end += size;
  return index;
}

/**
 * The index of each slot, in the order of native/binding/call_frame.h, which describes them; a test
 * compares. It is one literal, because V8 stores objects that are filled by computed keys as hash
 * tables.
 */
export const slot = {
  operation: next(),
  loss: next(),
  encoding: next(),
  margin: next(),
  isSquared: next(),
  labelDtype: next(),
  predictionDtype: next(),
  computeDtype: next(),
  weightDtype: next(),
  maskDtype: next(),
  lossesDtype: next(),
  gradientDtype: next(),
  firstRow: next(),
  rows: next(),
  batchRows: next(),
  width: next(),
  classes: next(),
  ignores: next(),
  ignored: next(),
  divisor: next(),
  isStrided: next(),
  losses: next(),
  weights: next(),
  kept: next(),
  wasBinary: next(),
  areLabelsValid: next(),
  milliseconds: next(),
  lossesSum: next(sum),
  weightsSum: next(sum),
  keptSum: next(sum),
  rank: next(),
  shape: next(axes),
  labelStrides: next(axes),
  predictionStrides: next(axes),
  weightStrides: next(axes),
  maskStrides: next(axes),
  gradientStrides: next(axes),
  labelOffset: next(),
  predictionOffset: next(),
  weightOffset: next(),
  maskOffset: next(),
  gradientOffset: next(),
} as const;

export type Slot = keyof typeof slot;

/** How many numbers each slot has. */
export const slotSizes = Object.fromEntries(
  Object.keys(slot).map((name, i) => [name, sizes[i]]),
) as Readonly<Record<Slot, number>>;

/** How many numbers a frame has. */
export const frameSize = end;

/** The index and the size of each slot, as C++ has them. */
export type Slots = Readonly<Record<string, readonly [index: number, size: number]>>;

/** Throws unless C++ has the call frame of this version of the library. */
export function checkSlots(slots: Slots): void {
  const entries = Object.entries(slots);
  const isKnown = (name: string): name is Slot => Object.hasOwn(slotSizes, name);
  const fits = entries.every(
    ([name, [index, size]]) => isKnown(name) && index === slot[name] && size === slotSizes[name],
  );
  if (!fits || entries.length !== Object.keys(slotSizes).length) {
    throw new Error("it was built for another version of maxmargin");
  }
}

export const operations = { sum: 0, rows: 1, gradient: 2, weights: 3 } as const;

/** The numbers of LabelReading in native/engine/batch.h. */
export const readings = { signed: 0, auto: 1, binary: 2, sparse: 3, onehot: 4 } as const;

/** Returns how C++ reads labels. */
function readingOf(formula: Formula, encoding: LabelEncoding): number {
  return encoding === "onehot" && !hasClasses(formula) ? readings.signed : readings[encoding];
}

function writeDtypes(
  frame: Float64Array,
  { labels, predictions, weights, mask, losses, gradient }: Call,
): void {
  frame[slot.labelDtype] = labels.code;
  frame[slot.predictionDtype] = predictions.code;
  if (weights !== undefined) frame[slot.weightDtype] = weights.code;
  if (mask !== undefined) frame[slot.maskDtype] = mask.code;
  if (losses !== undefined) frame[slot.lossesDtype] = losses.code;
  if (gradient !== undefined) frame[slot.gradientDtype] = gradient.code;
}

/**
 * Writes everything but the rows to evaluate, and the layout of strided arrays. `lossNumber` is the
 * place of the loss in C++.
 */
export function writeCall(frame: Float64Array, call: Call, lossNumber: number): void {
  const { formula } = call;
  frame[slot.operation] = operations[call.operation as keyof typeof operations];
  frame[slot.loss] = lossNumber;
  frame[slot.encoding] = readingOf(formula, call.encoding);
  frame[slot.margin] = formula.margin;
  frame[slot.isSquared] = formula.power - 1;
  frame[slot.computeDtype] = call.code;
  frame[slot.width] = call.width;
  frame[slot.classes] = call.classes;
  frame[slot.ignores] = formula.ignoreClass === undefined ? 0 : 1;
  frame[slot.ignored] = formula.ignoreClass ?? 0;
  frame[slot.divisor] = call.divisor;
  writeDtypes(frame, call);
}

/**
 * Writes everything but the operation, its outputs and the loss for a row-major batch without
 * weights.
 */
export function writePlain(
  frame: Float64Array,
  formula: Formula,
  code: number,
  labels: RowTensor,
  predictions: RowTensor,
): void {
  frame[slot.encoding] = readingOf(formula, formula.labels);
  frame[slot.margin] = formula.margin;
  frame[slot.isSquared] = formula.power - 1;
  frame[slot.labelDtype] = labels.code;
  frame[slot.predictionDtype] = predictions.code;
  frame[slot.computeDtype] = code;
  frame[slot.firstRow] = 0;
  frame[slot.rows] = frame[slot.batchRows] = predictions.rows;
  frame[slot.width] = frame[slot.classes] = predictions.width;
  frame[slot.ignores] = 0;
  frame[slot.isStrided] = 0;
}

/** Returns the sum of the losses of such a batch, or undefined if its encoding lacks a label. */
export const plainSumIn = (frame: Float64Array) =>
  frame[slot.areLabelsValid] === 0 ? undefined : (frame[slot.losses] as number);

/** Adds the sums that C++ wrote, and returns whether labels were read as 0 and 1. */
export function readResults(frame: Float64Array, call: Call, totals: Totals): boolean {
  if (frame[slot.areLabelsValid] === 0) totals.areLabelsValid = false;
  totals.losses.addNumbers(frame, slot.lossesSum);
  if (isWeighted(call)) {
    totals.weights.addNumbers(frame, slot.weightsSum);
    totals.kept.addNumbers(frame, slot.keptSum);
  }
  return frame[slot.wasBinary] === 1;
}
