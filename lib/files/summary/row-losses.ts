import type { Loss } from "../../losses/loss.js";
import { type Computed, cast, newResults, type Results } from "../../tensor/cast.js";
import { codes, type FloatDtype } from "../../tensor/dtypes.js";
import type { Block } from "../blocks.js";
import { argumentsOf, type Column } from "../columns.js";
import { ignored } from "./row-classes.js";

/** Memory for the values of a column in the arithmetic of a dtype, which the next block uses again. */
export class ColumnValues {
  readonly #dtype: FloatDtype;
  #memory: Computed = new Float32Array();

  constructor(dtype: FloatDtype) {
    this.#dtype = dtype;
  }

  /** Returns the values of a column, without a copy if they are of the dtype. */
  read({ values, dtype }: Column): Computed {
    const as = this.#dtype;
    if (dtype === as && (as === "float32" || as === "float64")) return values as Computed;
    const Kind = as === "float64" ? Float64Array : Float32Array;
    if (this.#memory.length < values.length) this.#memory = new Kind(values.length);
    cast(codes[dtype], values, 0, values.length, codes[as], this.#memory);
    return this.#memory.subarray(0, values.length);
  }
}

/** Computes the weighted losses of rows, in memory that the next block uses again. */
export class RowLosses {
  readonly #loss: Loss;
  readonly #losses: ColumnValues;
  readonly #weights: ColumnValues;
  #out: Results;

  constructor(loss: Loss) {
    this.#loss = loss;
    this.#losses = new ColumnValues(loss.dtype);
    this.#weights = new ColumnValues(loss.dtype);
    this.#out = newResults(loss.dtype, 0);
  }

  /** Returns the losses of the rows of a block: 0 for rows that do not count. */
  read(block: Block, classes: Int32Array | undefined): Computed {
    const { count, sampleWeight } = block;
    const { dtype } = this.#loss;
    if (this.#out.length < count) this.#out = newResults(dtype, count);
    const out = this.#out.subarray(0, count) as Results;
    const [yTrue, yPred] = argumentsOf(block);
    this.#loss.call(yTrue, yPred, { out });
    const losses = this.#losses.read({ values: out, dtype, width: 1 });
    if (sampleWeight === undefined) return losses;
    const weights = this.#weights.read(sampleWeight);
    for (let i = 0; i < count; i++) {
      losses[i] = classes?.[i] === ignored ? 0 : (losses[i] as number) * (weights[i] as number);
    }
    return losses;
  }
}
