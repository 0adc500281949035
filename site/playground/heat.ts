// Colours of a gradient. They repeat what the signs and digits say.

/** Orange where the loss rises, blue where it falls: text is readable on both in light and dark. */
const rising = "213 94 0";
const falling = "0 114 178";
const strongest = 0.4;

/** Returns the largest finite magnitude. */
export const largestIn = (grid: readonly (readonly number[])[]): number =>
  Math.max(0, ...grid.flat().map(Math.abs).filter(Number.isFinite));

/** Returns the colour of a derivative, relative to the largest one; none for 0 and NaN. */
export function heatOf(slope: number, largest: number): string {
  if (slope === 0 || Number.isNaN(slope)) return "transparent";
  const share = Number.isFinite(slope) && largest > 0 ? Math.abs(slope) / largest : 1;
  return `rgb(${slope > 0 ? rising : falling} / ${(strongest * share).toFixed(3)})`;
}
