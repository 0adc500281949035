import { described, unreadable, wrongValue } from "../errors.js";
import { bufferOf, lengthOf } from "../typed-arrays.js";
import { DenseTensor } from "./dense.js";
import { type Dtype, type DtypeOf, dtypesOf, type FloatDtype, type TensorData } from "./dtypes.js";
import { held } from "./held.js";
import { fromObject } from "./interop.js";
import { fromNested } from "./nested.js";
import { remedyFor } from "./remedies.js";
import { RowTensor } from "./tensor.js";

/** Numbers, booleans or bigints, nested to any depth; the lists of one depth have one length. */
export type Nested = number | boolean | bigint | TensorArray | readonly Nested[];

/**
 * A typed array of numbers. The last form is the `Float16Array` of a library for engines without
 * one.
 */
export type TensorArray =
  | TensorData
  | BigUint64Array
  | {
      readonly buffer: ArrayBufferLike;
      readonly byteOffset: number;
      readonly length: number;
      readonly [Symbol.toStringTag]: "Float16Array";
    };

/**
 * The data of an object. Lists of strings and views of bytes exist only in the types of some
 * libraries; they are not accepted.
 */
type ObjectData = TensorArray | readonly Nested[] | readonly string[] | ArrayBufferView;

/**
 * An object with data and a shape, such as a tensor of ndarray, @stdlib/ndarray, zarrita, npyjs,
 * onnxruntime or transformers.js. It can describe the layout of its data in memory.
 */
export type TensorObject = {
  /** The values. */
  readonly data: ObjectData;
  /** The name of a dtype, in the words of Keras, numpy or another library. */
  readonly dtype?: unknown;
  /** The same, if there is no `dtype`. */
  readonly type?: unknown;
  /** The same, if there is neither. */
  readonly dataType?: unknown;
  /** The distance in `data` between neighbours along each axis, in values. */
  readonly stride?: ArrayLike<number> | (() => ArrayLike<number>);
  /** The same. */
  readonly strides?: ArrayLike<number>;
  /** The index of the first value in `data`. */
  readonly offset?: number;
  /** `"row-major"`, `"C"`, `"column-major"` or `"F"`; ignored if there are strides. */
  readonly order?: string | readonly number[];
  /** Whether the order is column-major. */
  readonly fortranOrder?: boolean;
} & (
  | {
      /** The number of values along each axis. */
      readonly shape: ArrayLike<number>;
    }
  | {
      /** The same, if there is no `shape`. */
      readonly dims: ArrayLike<number>;
    }
);

/**
 * Every input that losses accept: a typed array (rank 1), a {@link Tensor}, another object with
 * data and a shape, a number (rank 0) or nested arrays, the innermost of which can be typed arrays.
 */
export type TensorLike = TensorArray | TensorObject | Exclude<Nested, bigint>;

/**
 * The dtype that a function returns for predictions of a type; a union of four if `floatx()`
 * decides.
 */
export type ResultDtype<P> = P extends { readonly dtype: infer D extends Dtype }
  ? OwnFloat<D>
  : P extends { readonly data: infer A extends TensorData }
    ? "dtype" extends keyof P
      ? FloatDtype
      : "type" extends keyof P
        ? FloatDtype
        : OwnFloat<DtypeOf<A>>
    : P extends TensorData
      ? OwnFloat<DtypeOf<P>>
      : P extends readonly (infer Row extends TensorData)[]
        ? OwnFloat<DtypeOf<Row>>
        : FloatDtype;
type OwnFloat<D> = D extends FloatDtype ? D : FloatDtype;

/** Throws if an array of length 0 has a detached buffer, of which no view can be created. */
function checkAttached(data: TensorData, argument: string): void {
  try {
    new Uint8Array(bufferOf(data));
  } catch {
    throw wrongValue(argument, "an array with its buffer", "one whose buffer was detached");
  }
}

/**
 * Reads any tensor-like without copying row-major typed arrays. `argument` is its name in messages.
 * The length has to be checked again after the last user code has run: {@link checkLength}.
 */
export function toTensor(value: unknown, argument: string): RowTensor {
  return DenseTensor.rowsOf(value) ?? read(value, argument);
}

/**
 * Reads predictions. A `Uint16Array` without a stated dtype is an error: it seldom holds integers.
 */
export function toPredictions(value: unknown): RowTensor {
  const predictions = toTensor(value, "yPred");
  if (predictions.source !== "declared" && predictions.dtype === "uint16") {
    throw mayBeBits(predictions);
  }
  return predictions;
}

function mayBeBits({ data }: RowTensor): TypeError {
  const remedy = 'say what it holds: tensor(data, shape, "float16"), "bfloat16" or "uint16"';
  return unreadable("yPred", described(data), remedy);
}

function read(value: unknown, argument: string): RowTensor {
  if (value instanceof RowTensor) return value;
  const dtypes = dtypesOf(value);
  if (dtypes !== undefined) return fromArray(value as TensorData, dtypes, argument);
  if (typeof value === "number" || typeof value === "boolean" || Array.isArray(value)) {
    return fromNested(value, argument);
  }
  if ((typeof value === "object" && value !== null) || typeof value === "function") {
    const tensor = fromObject(value, `${argument}.`);
    if (tensor !== undefined) return tensor;
    const array = held(value, argument);
    if (array !== undefined) return fromArray(array.data, array.dtypes, argument);
  }
  const expected = "expected a typed array, a tensor, { data, shape }, a number or nested arrays";
  throw unreadable(argument, described(value), remedyFor(value, expected));
}

function fromArray(data: TensorData, dtypes: readonly Dtype[], argument: string): RowTensor {
  const n = lengthOf(data);
  if (n === 0) checkAttached(data, argument);
  return new RowTensor(data, [n], dtypes[0] as Dtype, "array");
}
