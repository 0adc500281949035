// Operations that formulas of losses consist of. They are small, so that V8 inlines them, and have no
// branch, which random signs would mispredict.

/** Returns max(0, violation), and NaN for NaN and -Infinity. */
export const positivePart = (violation: number) => violation * +(violation >= 0);

/** Returns the derivative of max(0, violation): 1 at the kink, as on the side with a loss. */
export const derivativeOfPositivePart = (violation: number) => +(violation >= 0);
