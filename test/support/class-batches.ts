// Batches of class ids, and the bits of all that is computed from them.
import { type Dtype, type FloatDtype, type Tensor, type TensorLike, tensor } from "maxmargin";
import { dataOf, integerBelow, type Random } from "./data.js";
import { type AnyLossName, makeLoss, parametersOf, scalarReductions } from "./losses.js";

/** A value of a row. */
interface Cell {
  readonly row: number;
  readonly column: number;
  readonly width: number;
  /** The row's class. */
  readonly id: number;
  /** A random number around 0. */
  readonly value: number;
  readonly isNarrow: boolean;
  readonly isWide: boolean;
}

const isOwn = ({ column, id }: Cell) => column === id;
/** Whether a value is the first one of another class. */
const isOther = ({ column, id }: Cell) => column === (id === 0 ? 1 : 0);
const hugeOf = ({ isNarrow, isWide }: Cell) => (isWide ? 1.7e308 : isNarrow ? 6e4 : 3.2e38);

/** Predictions that break things, each of them in some rows of a batch beside ordinary ones. */
export const scoreKinds: Readonly<Record<string, (cell: Cell) => number>> = {
  ordinary: ({ value }) => value,
  ties: ({ value }) => Math.round(value),
  "all tied": () => 0.75,
  // A violation of exactly 0 for the margin 1.
  kinks: (cell) => (isOwn(cell) ? 2 : 1),
  "NaN for the class": (cell) => (isOwn(cell) ? Number.NaN : cell.value),
  "NaN for another class": (cell) => (isOther(cell) ? Number.NaN : cell.value),
  "Infinity for the class": (cell) => (isOwn(cell) ? Infinity : cell.value),
  "Infinity for another class": (cell) => (isOther(cell) ? Infinity : cell.value),
  "Infinity for both": (cell) => (isOwn(cell) || isOther(cell) ? Infinity : cell.value),
  "-Infinity for the class": (cell) => (isOwn(cell) ? -Infinity : cell.value),
  "-Infinity for another class": (cell) => (isOther(cell) ? -Infinity : cell.value),
  "-Infinity for all other classes": (cell) => (isOwn(cell) ? cell.value : -Infinity),
  "all -Infinity": () => -Infinity,
  zeros: ({ column }) => (column % 2 === 0 ? 0 : -0),
  subnormals: ({ value, isWide, isNarrow }) => value * (isWide ? 1e-310 : isNarrow ? 1e-7 : 1e-40),
  "negative values": ({ value }) => -Math.abs(value) - 0.25,
  "sums that overflow": (cell) => (isOwn(cell) ? -hugeOf(cell) / 2 : hugeOf(cell) / 2),
  "huge values of both signs": (cell) => (cell.column % 2 === 0 ? hugeOf(cell) : -hugeOf(cell)),
  "squares that overflow": (cell) =>
    (isOwn(cell) ? -1 : 1) * Math.sqrt(hugeOf(cell)) * (1 + Math.abs(cell.value)),
};

export interface ClassBatch {
  readonly title: string;
  readonly shape: readonly number[];
  /** The class of each row. */
  readonly ids: Float64Array;
  /** The predictions as doubles, and in their dtype. */
  readonly scores: Float64Array;
  readonly yPred: Tensor;
}

/** A batch in which rows of some kind take turns with ordinary ones. */
export function classBatch(
  kind: string,
  dtype: FloatDtype,
  shape: readonly number[],
  random: Random,
): ClassBatch {
  const width = shape.at(-1) as number;
  const rows = shape.slice(0, -1).reduce((product, dimension) => product * dimension, 1);
  const ids = Float64Array.from({ length: rows }, () => integerBelow(width, random));
  const scores = new Float64Array(rows * width);
  const traits = { isNarrow: dtype === "float16", isWide: dtype === "float64" };
  const special = scoreKinds[kind] as (cell: Cell) => number;
  for (let i = 0; i < scores.length; i++) {
    const row = Math.floor(i / width);
    const value = (random() + random() + random() - 1.5) * 2;
    const cell = { row, column: i % width, width, id: ids[row], value, ...traits };
    scores[i] = row % 3 === 1 || rows === 1 ? special(cell) : value;
  }
  const title = `${kind}, ${dtype} [${shape.join(", ")}]`;
  return { title, shape, ids, scores, yPred: tensor(dataOf(dtype, scores), shape, dtype) };
}

/** Ids as a tensor of a dtype, in the shape of the rows. */
export const idsOf = (
  { ids, shape }: Pick<ClassBatch, "ids" | "shape">,
  dtype: Dtype = "int32",
): Tensor => tensor(dataOf(dtype, ids), shape.slice(0, -1), dtype);

/** Values of the parameters that a loss has, in turn. */
export function parametersAt(loss: AnyLossName, i: number): object {
  const margin = [1, 0, 0.1, 2.5][i % 4];
  const power = [1, 2][Math.floor(i / 4) % 2];
  return Object.fromEntries(parametersOf[loss].map((name) => [name, { margin, power }[name]]));
}

const bytesOf = ({ data: { buffer, byteOffset, byteLength } }: Tensor) =>
  Buffer.from(buffer, byteOffset, byteLength);

/** Options of calls, by what they are tested with. */
export interface Weighting {
  readonly sampleWeight?: TensorLike | null;
  readonly mask?: TensorLike | null;
}

/** The bits of a result, as far as they can be told apart. */
export const bitsOf = (result: number | Tensor): string | Buffer =>
  typeof result === "number" ? (Object.is(result, -0) ? "-0" : String(result)) : bytesOf(result);

/** Bits by what they are called: the losses of `call` are `rows`. */
export type Bits = Readonly<Record<string, string | Buffer>>;

/** The bits of losses, of all reductions and of gradients, by what they are called. */
export function bitsOfAll(
  loss: AnyLossName,
  options: object,
  yTrue: TensorLike,
  yPred: TensorLike,
  weighting: Weighting = {},
): Record<string, string | Buffer> {
  const of = (reduction: string | null) => makeLoss(loss, { ...options, reduction });
  const bits: Record<string, string | Buffer> = { rows: bitsOf(of(null).call(yTrue, yPred)) };
  for (const reduction of scalarReductions) {
    bits[reduction] = bitsOf(of(reduction).value(yTrue, yPred, weighting));
  }
  for (const reduction of [null, "mean", "mean_with_sample_weight"] as const) {
    const { value, gradient } = of(reduction).valueAndGradient(yTrue, yPred, weighting);
    bits[`value for ${reduction}`] = bitsOf(value);
    bits[`gradient for ${reduction}`] = bitsOf(gradient);
  }
  return bits;
}

export const areSameBits = (a: string | Buffer, b: string | Buffer) =>
  Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b;

/** The names of bits that differ. */
export const otherBits = (own: Bits, others: Bits) =>
  Object.keys(own).filter((name) => !areSameBits(own[name], others[name]));

/** The same but for the losses of `call`, which has no sample weights and no mask. */
export const otherWeightedBits = (own: Bits, others: Bits) =>
  otherBits(own, others).filter((name) => name !== "rows");
