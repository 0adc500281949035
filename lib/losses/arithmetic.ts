// Operations that the formulas of losses are made of. Small functions on purpose: V8 inlines them.

/** Rounds to float32 unless the arithmetic is wide: double holds any product or sum of two float32 exactly enough. */
export const rounded = (wide: boolean, value: number) => (wide ? value : Math.fround(value));

/** max(0, margin), which keeps NaN. */
export const positivePart = (margin: number) => (0 > margin ? 0 : margin);

/** The derivative of max(0, margin): 1 at the kink, the side with a loss. */
export const derivativeOfPositivePart = (margin: number) =>
  0 > margin ? 0 : margin >= 0 ? 1 : Number.NaN;

/** 1 - y p */
export const marginOf = (wide: boolean, y: number, p: number) =>
  rounded(wide, 1 - rounded(wide, y * p));
