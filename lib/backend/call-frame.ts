/** The call frame: a Float64Array through which the numbers of a call go into the addon, and those of its result come out. */

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

export const operations = { sum: 0, rows: 1, gradient: 2, weights: 3 } as const;
