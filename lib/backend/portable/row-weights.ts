import { cast, newRawArray, type RawArray } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import { gather } from "../../tensor/gather.js";
import { type Call, chunkSize, type Operand } from "../call.js";
import type { Totals } from "../totals.js";
import { sumByLanes } from "./fold.js";

const weightScratch = new Float64Array(chunkSize);
const maskScratch = new Float64Array(chunkSize);
const floats = new Float32Array(chunkSize);
const gathered: RawArray[] = [];

/** The weights of a group of rows: sample weights times mask, in double. */
export class RowWeights {
  readonly values = weightScratch;
  readonly #call: Call;
  readonly #rowShape: readonly number[] | undefined;

  constructor(call: Call) {
    this.#call = call;
    this.#rowShape = call.shape?.slice(0, -1);
  }

  get areGiven(): boolean {
    return this.#call.weights !== undefined || this.#call.mask !== undefined;
  }

  /** Reads the weights of `count` rows from `first` on: 1 each without weights and mask. */
  read(first: number, count: number): void {
    const { weights, mask, code } = this.#call;
    if (weights === undefined) {
      for (let i = 0; i < count; i++) weightScratch[i] = 1;
    } else if (code === codes.float64) {
      this.#cast(weights, first, count, code, weightScratch);
    } else {
      this.#cast(weights, first, count, code, floats);
      for (let i = 0; i < count; i++) weightScratch[i] = floats[i];
    }
    if (mask === undefined) return;
    this.#cast(mask, first, count, codes.float64, maskScratch);
    for (let i = 0; i < count; i++) {
      // An invalid mask value makes the sum of the mask NaN, which `checkMask` reports.
      maskScratch[i] = maskScratch[i] === 0 ? 0 : maskScratch[i] === 1 ? 1 : Number.NaN;
      weightScratch[i] *= maskScratch[i];
    }
  }

  /** Adds the weights and mask values that were read to the totals. */
  addTo(totals: Totals, count: number): void {
    totals.weights.add(sumByLanes(weightScratch, count));
    if (this.#call.mask !== undefined) totals.kept.add(sumByLanes(maskScratch, count));
  }

  #cast(
    operand: Operand,
    first: number,
    count: number,
    as: number,
    to: Float32Array | Float64Array,
  ): void {
    const { values, code, strides, offset } = operand;
    if (strides === undefined) {
      cast(code, values, offset + first, count, as, to);
      return;
    }
    gathered[code] ??= newRawArray(code, chunkSize);
    const own = gathered[code] as RawArray;
    gather({ values, strides, offset }, this.#rowShape as readonly number[], first, own, count);
    cast(code, own, 0, count, as, to);
  }
}
