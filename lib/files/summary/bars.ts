import { edgesOf, type SavedBin } from "./bins.js";

/**
 * A bar of a histogram: the number of values between two edges. The edge nearer to 0 belongs to the
 * bar, and 0 to the bar that ends with it.
 */
export interface Bar {
  /** The lower edge. */
  readonly from: number;
  /** The upper edge. */
  readonly to: number;
  /** The number of values. */
  readonly count: number;
}

/** Bars of one width, and the number of values beyond them. */
export interface Histogram {
  /** The bars, from the lowest values to the highest. */
  readonly bars: readonly Bar[];
  /** The number of values below the first bar. */
  readonly below: number;
  /** The number of values above the last bar. */
  readonly above: number;
}

/** More bars than this tell nothing more on a page. */
const mostBars = 48;

/** The share of values, at each end, that may be beyond the bars: a few outliers hide all others. */
const beyond = 0.005;

/** Returns the first of the bins before which there are more values than may be beyond the bars. */
function firstShown(bins: readonly SavedBin[], total: number): SavedBin | undefined {
  let sum = 0;
  return bins.find(([, count]) => {
    sum += count;
    return sum > beyond * total;
  });
}

/** Returns a power of two, into whose multiples a range is divided. */
function widthFor(low: number, high: number): number {
  const least = high / mostBars - low / mostBars;
  // Where all values are 0, bars of a usual width are easier to read.
  return 2 ** Math.ceil(Math.log2(least > 1e-300 ? least : 1 / mostBars));
}

/** Returns the number of the bar, of bars of a width, that a bin is a part of. */
function barOf(bin: number, width: number): number {
  const [from, to] = edgesOf(bin);
  return bin < 0 ? Math.ceil(to / width) - 1 : Math.floor(from / width);
}

/**
 * Returns bins as bars whose widths are a power of two, so that every bin is in one bar as a whole. They
 * reach from 0, or from below it, to `hinge`, if it is finite, or beyond it.
 */
export function histogramOf(bins: readonly SavedBin[], hinge: number): Histogram {
  const total = bins.reduce((sum, [, count]) => sum + count, 0);
  const lowest = firstShown(bins, total)?.[0] ?? 0;
  const highest = firstShown([...bins].reverse(), total)?.[0] ?? -1;
  const low = Math.min(0, edgesOf(lowest)[0]);
  const mark = Number.isFinite(hinge) ? hinge : 0;
  const high = Math.max(mark, edgesOf(highest)[1]);
  const width = widthFor(low, high);
  const first = Math.min(0, barOf(lowest, width));
  const last = Math.max(Math.floor(mark / width), barOf(highest, width));
  const counts = new Array<number>(last - first + 1).fill(0);
  let below = 0;
  let above = 0;
  for (const [bin, count] of bins) {
    const bar = barOf(bin, width);
    if (bar < first) below += count;
    else if (bar > last) above += count;
    else counts[bar - first] = (counts[bar - first] as number) + count;
  }
  const bars = counts.map((count, i) => ({
    from: (first + i) * width,
    to: (first + i + 1) * width,
    count,
  }));
  return { bars, below, above };
}

/** Returns the same histogram with at most half as many bars, and so on until there are few enough. */
export function coarser({ bars, ...beyond }: Histogram, most: number): Histogram {
  if (bars.length <= most) return { bars, ...beyond };
  const [first] = bars as [Bar];
  const width = 2 * (first.to - first.from);
  const merged = new Map<number, Bar>();
  for (const { from, count } of bars) {
    const start = Math.floor(from / width) * width;
    const before = merged.get(start)?.count ?? 0;
    merged.set(start, { from: start, to: start + width, count: before + count });
  }
  return coarser({ bars: [...merged.values()], ...beyond }, most);
}
