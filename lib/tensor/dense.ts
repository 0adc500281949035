import { castToDoubles } from "./cast.js";
import type { Dtype, TensorData } from "./dtypes.js";
import { checkLength, type NestedNumbers, RowTensor, type Tensor } from "./tensor.js";

const custom = Symbol.for("nodejs.util.inspect.custom");

/** JSON has finite numbers only. */
const json = (value: number) => (Number.isFinite(value) ? value : String(value));

/** The tensor that users see: only `data`, `shape`, `dtype` and its methods are visible. */
export class DenseTensor implements Tensor {
  readonly data: TensorData;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  #rows: RowTensor;

  constructor(rows: RowTensor) {
    this.data = rows.data;
    this.shape = Object.freeze(rows.shape);
    this.dtype = rows.dtype;
    this.#rows = rows;
  }

  /**
   * Returns the internal tensor of a tensor that was handed out; undefined for anything else, and
   * for a tensor whose fields were changed afterwards: it is read anew, like any other object.
   */
  static rowsOf(value: unknown): RowTensor | undefined {
    if (typeof value !== "object" || value === null || !(#rows in value)) return undefined;
    const { data, shape, dtype } = value.#rows;
    const isIntact = value.data === data && value.shape === shape && value.dtype === dtype;
    return isIntact ? value.#rows : undefined;
  }

  toArray(): NestedNumbers {
    const { shape } = this;
    const values = this.#values();
    let at = 0;
    const nested = (axis: number): NestedNumbers =>
      axis === shape.length
        ? (values[at++] as number)
        : Array.from({ length: shape[axis] as number }, () => nested(axis + 1));
    return nested(0);
  }

  toJSON() {
    const { shape, dtype } = this;
    return { data: Array.from(this.#values(), json), shape, dtype };
  }

  /** Formats the tensor for `util.inspect` and `console.log`. */
  [custom](_depth: number, options: object, inspect: (value: object, options: object) => string) {
    const { shape, dtype, data } = this;
    return `Tensor ${inspect({ shape, dtype, data }, options)}`;
  }

  #values(): Float64Array {
    const { data, shape, dtype } = this;
    const rows = DenseTensor.rowsOf(this) ?? new RowTensor(data, shape, dtype);
    checkLength(rows, "data");
    return castToDoubles(dtype, rows.stored, "float64");
  }
}

// The name that messages and `console.log` show.
Object.defineProperty(DenseTensor, "name", { value: "Tensor" });
