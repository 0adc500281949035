// Operations that formulas of losses consist of. They are small, so that V8 inlines them.

/**
 * Rounds to float32 unless the arithmetic is wide. Rounding twice does no harm: double holds
 * products and sums of two float32 numbers exactly enough.
 */
export const rounded = (wide: boolean, value: number) => (wide ? value : Math.fround(value));

/** Returns max(0, margin), and NaN for NaN. */
export const positivePart = (margin: number) => (0 > margin ? 0 : margin);

/** Returns the derivative of max(0, margin): 1 at the kink, as on the side with a loss. */
export const derivativeOfPositivePart = (margin: number) =>
  0 > margin ? 0 : margin >= 0 ? 1 : Number.NaN;

/** Returns 1 - y p. */
export const marginOf = (wide: boolean, y: number, p: number) =>
  rounded(wide, 1 - rounded(wide, y * p));
