/** The call frame: a Float64Array through which the numbers of a call go into the addon, and those of its result come out. */

/** As many numbers as an exact sum has at most, and how many there are. */
const sum = 50;
const axes = 64;

/** How many numbers each slot has, in the order of native/binding/call_frame.h, which describes them; a test compares. */
export const slotSizes = {
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
  milliseconds: 1,
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
} as const;

export type Slot = keyof typeof slotSizes;

/** The index of each slot. */
export const slot = {} as Record<Slot, number>;
let end = 0;
for (const [name, count] of Object.entries(slotSizes) as [Slot, number][]) {
  slot[name] = end;
  end += count;
}
Object.freeze(slot);

/** How many numbers a frame has. */
export const frameSize = end;

export const operations = { sum: 0, rows: 1, gradient: 2, weights: 3 } as const;
