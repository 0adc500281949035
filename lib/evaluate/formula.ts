import { described, oneOf, wrongKind, wrongValue } from "../errors.js";
import type { Formula, LabelEncoding, LossSpec, Parameters } from "../losses/spec.js";
import { castToDoubles } from "../tensor/cast.js";
import { rowMajorOf } from "../tensor/row-major.js";
import { shown } from "../tensor/shapes.js";
import { checkLength } from "../tensor/tensor.js";
import { type TensorLike, toTensor } from "../tensor/tensor-like.js";

/** The encodings of losses of signed labels; the default is `"auto"`. */
export type SignedEncoding = "auto" | "signed" | "binary" | "sparse";

/** The encodings of losses of one class per row. */
export type ClassEncoding = "sparse" | "onehot";

/** Options that determine how labels are read, and which rows count how much. */
export interface LabelOptions<E extends LabelEncoding = LabelEncoding> {
  /**
   * The encoding of the labels:
   *
   * - `"auto"`: as in Keras, 0 is read as -1 if every label of the whole tensor is 0 or 1. If any
   *   label is neither, all labels are used unchanged.
   * - `"signed"`: -1 and 1. Labels are used unchanged.
   * - `"binary"`: 0 and 1. 0 is read as -1, and any other label is an error.
   * - `"sparse"`: a class id for each row, a whole number from 0 to the number of classes - 1, in any
   *   dtype. Shape `[batch, d0, .. dN-1]`, or the same with a last axis of 1.
   * - `"onehot"`: rows with a 1 for their class among zeros, of the shape of the predictions.
   *
   * The default is Keras's rule, `"auto"` or `"onehot"`, for the losses that Keras has, `"auto"` for
   * modified Huber, and `"sparse"` for Crammer–Singer and Weston–Watkins.
   */
  readonly labels?: E;
  /**
   * A factor for each class, as a list or typed array: the loss of a row is multiplied by the factor
   * of its class. Rows with one label -1, 0 or 1, shape `[batch, 1]`, have two classes: the first
   * factor is for -1 and 0, the second one for 1. By default, and for `null`, every factor is 1.
   */
  readonly classWeight?: TensorLike | null;
  /**
   * The label of rows that do not count, such as -100, -1 or 255: their loss and gradient are 0 for
   * any predictions, and divisors leave them out. Rows need one label each. The label is compared
   * before the encoding applies, and need not be valid in it. By default, and for `null`, every row
   * counts.
   */
  readonly ignoreClass?: number | null;
}

/** The option of losses with a margin. */
export interface MarginOptions {
  /**
   * The margin that predictions have to keep, a finite number from 0; by default 1. It is rounded to
   * the dtype that the loss computes in. A margin of 0 turns hinge into the perceptron loss.
   */
  readonly margin?: number;
}

/** The option of losses with a power. */
export interface PowerOptions {
  /** The exponent of the hinge, 1 or 2; by default 1. */
  readonly power?: 1 | 2;
}

/** All options of formulas. */
export interface FormulaOptions extends LabelOptions, MarginOptions, PowerOptions {}

const labelOptions = ["labels", "classWeight", "ignoreClass"] as const;

/** Returns the names of the options that the formula of a loss has. */
export const formulaOptionsOf = (spec: LossSpec): readonly (keyof FormulaOptions)[] => [
  ...spec.parameters,
  ...labelOptions,
];

function readMargin(margin: unknown = 1): number {
  if (typeof margin !== "number") throw wrongKind("margin", "a number", described(margin));
  if (!(margin >= 0 && margin < Infinity)) {
    throw wrongValue("margin", "a finite number from 0", described(margin));
  }
  return margin;
}

function readPower(power: unknown = 1): Parameters["power"] {
  if (power === 1 || power === 2) return power;
  const wrong = typeof power === "number" ? wrongValue : wrongKind;
  throw wrong("power", "1 or 2", described(power));
}

function readEncoding(spec: LossSpec, labels: unknown = spec.labels[0]): LabelEncoding {
  if (spec.labels.includes(labels as LabelEncoding)) return labels as LabelEncoding;
  const wrong = typeof labels === "string" ? wrongValue : wrongKind;
  throw wrong("labels", oneOf(spec.labels), described(labels));
}

function readClassWeight(classWeight: unknown): readonly number[] | undefined {
  if (classWeight === undefined || classWeight === null) return undefined;
  const expected = "one number per class in a list or typed array";
  const isPlain =
    typeof classWeight === "object" && Object.getPrototypeOf(classWeight) === Object.prototype;
  if (isPlain && !("data" in classWeight)) {
    throw wrongKind("classWeight", `${expected}, such as [1, 2.5]`, described(classWeight));
  }
  const tensor = rowMajorOf(toTensor(classWeight, "classWeight"), "classWeight");
  checkLength(tensor, "classWeight");
  if (tensor.shape.length !== 1) {
    throw wrongValue("classWeight", expected, `shape ${shown(tensor.shape)}`);
  }
  return Object.freeze([...castToDoubles(tensor.dtype, tensor.stored, "float64")]);
}

function readIgnoreClass(ignoreClass: unknown): number | undefined {
  if (ignoreClass === undefined || ignoreClass === null) return undefined;
  if (typeof ignoreClass !== "number") {
    throw wrongKind("ignoreClass", "a number", described(ignoreClass));
  }
  if (Number.isNaN(ignoreClass)) throw wrongValue("ignoreClass", "a label", "NaN");
  return ignoreClass;
}

/** Reads the options of a formula. */
export function readFormula(spec: LossSpec, options: FormulaOptions): Formula {
  const { margin, power, labels, classWeight, ignoreClass } = options;
  return {
    spec,
    margin: readMargin(margin),
    power: readPower(power),
    labels: readEncoding(spec, labels),
    classWeight: readClassWeight(classWeight),
    ignoreClass: readIgnoreClass(ignoreClass),
  };
}

/** The options of a formula as a config holds them: those that are not the default. */
export interface FormulaConfig {
  readonly margin?: number;
  readonly power?: 1 | 2;
  readonly labels?: LabelEncoding;
  readonly classWeight?: readonly number[];
  readonly ignoreClass?: number;
}

/** Returns the options of a formula that are not the default. */
export function formulaConfig({ spec, ...formula }: Formula): FormulaConfig {
  const { margin, power, labels, classWeight, ignoreClass } = formula;
  return {
    ...(margin !== 1 && { margin }),
    ...(power !== 1 && { power }),
    ...(labels !== spec.labels[0] && { labels }),
    ...(classWeight !== undefined && { classWeight }),
    ...(ignoreClass !== undefined && { ignoreClass }),
  };
}
