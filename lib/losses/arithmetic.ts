// Operations that formulas of losses consist of. They are small, so that V8 inlines them.

/**
 * Rounds to float32 unless the arithmetic is wide. Rounding twice does no harm: double holds
 * products and sums of two float32 numbers exactly enough.
 */
export const rounded = (wide: boolean, value: number) => (wide ? value : Math.fround(value));

/** Returns max(0, violation), and NaN for NaN. */
export const positivePart = (violation: number) => (0 > violation ? 0 : violation);

/** Returns the derivative of max(0, violation): 1 at the kink, as on the side with a loss. */
export const derivativeOfPositivePart = (violation: number) =>
  0 > violation ? 0 : violation >= 0 ? 1 : Number.NaN;

/** Returns margin - y p: by how much a prediction violates the margin. */
export const violationOf = (wide: boolean, margin: number, y: number, p: number) =>
  rounded(wide, margin - rounded(wide, y * p));
