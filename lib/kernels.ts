// The numbers by which native/kernels/kernels.h knows losses and label dtypes.
export const hinge = 0;
export const squaredHinge = 1;
export const categoricalHinge = 2;
/** Added to a loss whose labels are not to be taken for 0/1, as they are part of a tensor with others. */
export const asIs = 4;
export const labelTypes = { float32: 0, int8: 1, uint8: 2, bool: 3 } as const;

/** Labels that every backend reads where they are. */
export type LabelData = Float32Array | Int8Array | Uint8Array | Uint8ClampedArray;

/**
 * What computes: the addon, or lib/fallback.ts. Labels and predictions are row-major, of one length that
 * is a multiple of the row's width, and not empty.
 */
export interface Kernels {
  /** The sum over all rows: of the terms of (squared) hinge, or of the losses of categorical hinge. */
  total(
    loss: number,
    labelType: number,
    labels: LabelData,
    predictions: Float32Array,
    width: number,
  ): number;
  /** The loss of each row, rounded to float32 if that is what `out` holds. */
  rowLosses(
    loss: number,
    labelType: number,
    labels: LabelData,
    predictions: Float32Array,
    width: number,
    out: Float32Array | Float64Array,
  ): void;
}
