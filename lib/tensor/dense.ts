import { type InspectArguments, inspectCustom, shown } from "../shown.js";
import { castToDoubles } from "./cast.js";
import type { Dtype, TensorData } from "./dtypes.js";
import { checkLength, type NestedNumbers, RowTensor, type Tensor } from "./tensor.js";

/** JSON has finite numbers only. */
const json = (value: number) => (Number.isFinite(value) ? value : String(value));

/** The tensor that users see: only `data`, `shape`, `dtype` and its methods are visible. */
export class DenseTensor implements Tensor {
  readonly data: TensorData;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  #rows: RowTensor | undefined;

  /** @param rows - the internal form of the tensor, if it exists already. */
  constructor(data: TensorData, shape: readonly number[], dtype: Dtype, rows?: RowTensor) {
    this.data = data;
    this.shape = Object.freeze(shape);
    this.dtype = dtype;
    this.#rows = rows;
    // Its fields stay those that were checked.
    Object.freeze(this);
  }

  /** Returns the internal form of a tensor that was handed out; undefined for anything else. */
  static rowsOf(value: unknown): RowTensor | undefined {
    // Objects created from the prototype alone have no private fields.
    if (!(value instanceof DenseTensor) || !(#rows in value)) return undefined;
    return value.#rows ?? value.#withRows();
  }

  #withRows(): RowTensor {
    this.#rows = new RowTensor(this.data, this.shape, this.dtype);
    return this.#rows;
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

  /** @internal */
  [inspectCustom](...how: InspectArguments): string {
    const { shape, dtype, data } = this;
    return shown(this, { shape, dtype, data }, how);
  }

  #values(): Float64Array {
    const rows = this.#rows ?? this.#withRows();
    checkLength(rows, "data");
    return castToDoubles(this.dtype, rows.stored, "float64");
  }
}

// The name that messages and `console.log` show.
Object.defineProperty(DenseTensor, "name", { value: "Tensor" });

/** Returns the tensor that users see of a row-major tensor. */
export const handedOut = (rows: RowTensor): Tensor =>
  new DenseTensor(rows.data, rows.shape, rows.dtype, rows);
