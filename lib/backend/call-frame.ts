/**
 * The call frame: a Float64Array that passes the numbers of a call to the addon, and returns the
 * numbers of its result.
 */

/** The maximum length of an exact sum, and one slot for its actual length. */
const sum = 50;
const axes = 64;

/**
 * The length of each slot, in the order of native/binding/call_frame.h, which describes them. A
 * test compares the two.
 */
const counts = {
  operation: 1,
  loss: 1,
  encoding: 1,
  labelDtype: 1,
  predictionDtype: 1,
  computeDtype: 1,
  weightDtype: 1,
  maskDtype: 1,
  lossesDtype: 1,
  gradientDtype: 1,
  firstRow: 1,
  rows: 1,
  batchRows: 1,
  width: 1,
  divisor: 1,
  isStrided: 1,
  losses: 1,
  weights: 1,
  kept: 1,
  wasBinary: 1,
  lossesSum: sum,
  weightsSum: sum,
  keptSum: sum,
  rank: 1,
  shape: axes,
  labelStrides: axes,
  predictionStrides: axes,
  weightStrides: axes,
  maskStrides: axes,
  gradientStrides: axes,
  labelOffset: 1,
  predictionOffset: 1,
  weightOffset: 1,
  maskOffset: 1,
  gradientOffset: 1,
  milliseconds: 1,
} as const;

type Slot = keyof typeof counts;

/** The index of each slot. */
export const slot = {} as Record<Slot, number>;
let end = 0;
for (const [name, count] of Object.entries(counts) as [Slot, number][]) {
  slot[name] = end;
  end += count;
}
Object.freeze(slot);

/** The length of a frame. */
export const frameSize = end;

export const operations = { sum: 0, rows: 1, gradient: 2, weights: 3 } as const;
