import type { Computed } from "../tensor/cast.js";

/**
 * How labels are read. `auto`: -1 and 1, and 0 as -1 if every label of the whole tensor is 0 or 1.
 * `signed`: unchanged. `binary`: 0 for -1, and 1. `sparse`: a class id for each row. `onehot`: a row
 * with a 1 for its class.
 */
export type LabelEncoding = "auto" | "signed" | "binary" | "sparse" | "onehot";

/** The numbers in a formula, besides labels and predictions. */
export interface Parameters {
  /** The margin that a prediction has to keep, at least 0. */
  readonly margin: number;
  /** The exponent of the hinge. */
  readonly power: 1 | 2;
}

/** Properties of all losses. */
interface BaseSpec {
  /** Keras's name: key of the native table and of the registry. */
  readonly name: string;
  /** Accepted encodings of labels, the default first. */
  readonly labels: readonly [LabelEncoding, ...LabelEncoding[]];
  /** The parameters that can be chosen; the others are 1. */
  readonly parameters: readonly (keyof Parameters)[];
}

/**
 * A loss whose row is the mean of one term per value, a function of the product of its label and its
 * prediction. The sum over a batch is a sum of terms, regardless of rows.
 *
 * Terms and derivatives are 0 for a product of Infinity, and NaN for NaN. The formulas need not
 * return these themselves, so that they can do without branches; but no finite term in place of
 * them.
 *
 * The arrays are of the type of the arithmetic. Operations round to it by storing their results. There
 * is memory for a multiple of eight values, and results beyond n have no meaning.
 */
export interface ElementwiseSpec extends BaseSpec {
  readonly family: "elementwise";
  /** Writes the terms of n products. */
  writeTerms(margin: number, products: Computed, n: number, terms: Computed): void;
  /** Writes the derivatives of the terms with respect to the products. */
  writeDerivatives(margin: number, products: Computed, n: number, derivatives: Computed): void;
  /**
   * Adds blocks of 8 * lanes float32 terms, each folded three times, to the first `lanes` sums.
   * Optional: it takes less time than to store products and terms.
   */
  addBlocks?(tile: Tile, at: number, blocks: number, lanes: number, sums: Float64Array): void;
}

/**
 * Labels and predictions of up to a chunk of values: in place, or cast to the type of the terms.
 */
export interface Tile {
  /** Whether the arithmetic is float64. */
  readonly wide: boolean;
  margin: number;
  labels: Computed;
  /** The index of the first label. */
  labelsAt: number;
  predictions: Computed;
  predictionsAt: number;
}

/**
 * The maximum of a row so far. It is an object, because V8 would allocate a number for every return
 * value.
 */
export interface Largest {
  value: number;
}

/** The formula of a {@link ClassMaxSpec} for labels that are one value per class. */
export interface ClassValues {
  /** Writes the terms of n values of a row, and raises the maximum. */
  writeTerms(tile: Tile, at: number, n: number, terms: Computed, largest: Largest): void;
  /** Counts the values of a row that are its maximum. */
  countTies(tile: Tile, at: number, n: number, max: number): number;
  /**
   * Writes derivatives with respect to the predictions from `at` on, where each tie has `share` of
   * the maximum.
   */
  writeDerivatives(
    tile: Tile,
    at: number,
    n: number,
    max: { readonly value: number; readonly share: number },
    derivatives: Computed,
  ): void;
}

/**
 * A loss whose row is the hinge, or its square, of a maximum over the classes minus a sum over them.
 * If labels are class ids, the sum is the prediction for the row's class, and the maximum is that of
 * the other predictions.
 */
export interface ClassMaxSpec extends BaseSpec {
  readonly family: "classMax";
  /** Returns the loss of a row. */
  lossOfRow(sum: number, max: number, parameters: Parameters): number;
  /** Returns the derivative of the loss of a row with respect to its maximum. */
  derivativeOfRow(sum: number, max: number, parameters: Parameters): number;
  /**
   * The formula for labels that are one value per class, in which the row's own class counts as 0 in
   * the maximum; absent if one-hot labels are read as class ids.
   */
  readonly ofValues?: ClassValues;
}

/**
 * A loss whose row is the mean of terms over its classes. Each is a term of an elementwise loss, of
 * the difference between the prediction for the row's class and another one.
 */
export interface ClassSumSpec extends BaseSpec {
  readonly family: "classSum";
  /** Returns the loss that has the terms. */
  termsOf(power: Parameters["power"]): ElementwiseSpec;
}

/** A loss: the only place in TypeScript that knows its formula. */
export type LossSpec = ElementwiseSpec | ClassMaxSpec | ClassSumSpec;

/** A loss with its parameters, and its reading of labels. */
export interface Formula extends Parameters {
  readonly spec: LossSpec;
  readonly labels: LabelEncoding;
  /** A factor for each class, for the weights of its rows. */
  readonly classWeight: readonly number[] | undefined;
  /** The label of rows that do not count. */
  readonly ignoreClass: number | undefined;
}

/** Whether each row has one class, which is known before the formula is applied. */
export const hasClasses = ({ spec, labels }: Formula) =>
  labels === "sparse" ||
  (labels === "onehot" && !(spec.family === "classMax" && spec.ofValues !== undefined));

/** Whether rows have weights by their labels. */
export const weighsRows = ({ classWeight, ignoreClass }: Formula) =>
  classWeight !== undefined || ignoreClass !== undefined;
