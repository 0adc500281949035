import { type InspectArguments, inspectCustom, shown } from "../shown.js";
import { castToDoubles } from "./cast.js";
import type { Dtype, TensorData } from "./dtypes.js";
import { checkLength, type NestedNumbers, RowTensor, type Tensor } from "./tensor.js";

/** JSON knows no numbers but finite ones. */
const json = (value: number) => (Number.isFinite(value) ? value : String(value));

/** A tensor as it is handed out: nothing can be seen of it but `data`, `shape`, `dtype` and its methods. */
export class DenseTensor implements Tensor {
  readonly data: TensorData;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  #rows: RowTensor | undefined;

  /** @param rows - the same as a call takes it, if that is known. */
  constructor(data: TensorData, shape: readonly number[], dtype: Dtype, rows?: RowTensor) {
    this.data = data;
    this.shape = Object.freeze(shape);
    this.dtype = dtype;
    this.#rows = rows;
    // Its fields are what it was checked with.
    Object.freeze(this);
  }

  /** Returns a tensor that was handed out as a call takes it; undefined for anything else. */
  static rowsOf(value: unknown): RowTensor | undefined {
    // What is only made in a tensor's image has no rows.
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

// The name that people know.
Object.defineProperty(DenseTensor, "name", { value: "Tensor" });

/** A tensor as it is handed out. */
export const handedOut = (rows: RowTensor): Tensor =>
  new DenseTensor(rows.data, rows.shape, rows.dtype, rows);
