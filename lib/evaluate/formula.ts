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
   * How labels are read: `"auto"`, -1 and 1, or 0 and 1 if every label of the whole tensor is 0 or 1;
   * `"signed"`, used unchanged; `"binary"`, 0 and 1 and nothing else; `"sparse"`, a class id for each
   * row; `"onehot"`, a row with a 1 for its class.
   */
  readonly labels?: E;
  /**
   * A number for each class, by which the weights of its rows are multiplied. Without classes, but
   * with one label per row, the first number is for the label -1 or 0 and the second one for 1.
   */
  readonly classWeight?: TensorLike | null;
  /**
   * The label of rows that do not count: their loss and gradient are 0, and divisors leave them out.
   * It need not be a label that the encoding has. By default, and for `null`, every row counts.
   */
  readonly ignoreClass?: number | null;
}

/** The option of losses with a margin. */
export interface MarginOptions {
  /** The margin that predictions have to keep, a finite number from 0; by default 1. */
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
