import { weighsRows } from "../../losses/spec.js";
import { codes } from "../../tensor/dtypes.js";
import { type Call, chunkSize, isWeighted, type Operand, type RowRange } from "../call.js";
import type { Totals } from "../totals.js";
import { type ClassIds, ignored } from "./class-ids.js";
import { sumByLanes } from "./fold.js";
import { readOperand } from "./read-operand.js";

const weightScratch = new Float64Array(chunkSize);
const maskScratch = new Float64Array(chunkSize);
const floats = new Float32Array(chunkSize);
const ids = new Int32Array(chunkSize);

/** The weights of a group of rows: sample weights times class weights times mask, in double. */
export class RowWeights {
  readonly values = weightScratch;
  readonly areGiven: boolean;
  /** Whether rows may be ignored. */
  readonly haveIgnored: boolean;
  /** Whether all labels that were read are classes, if classes have weights. */
  areLabelsValid = true;
  readonly #call: Call;
  readonly #classes: ClassIds;
  readonly #weighsRows: boolean;
  readonly #rowShape: readonly number[] | undefined;

  constructor(call: Call, classes: ClassIds) {
    this.#call = call;
    this.#classes = classes;
    this.areGiven = isWeighted(call);
    this.haveIgnored = call.formula.ignoreClass !== undefined;
    this.#weighsRows = weighsRows(call.formula);
    this.#rowShape = call.shape?.slice(0, -1);
  }

  /** Reads the weights of `count` rows from `first` on: 1 each if none are given. */
  read(first: number, count: number): void {
    const { weights, mask, code } = this.#call;
    const range = { first, end: first + count };
    if (weights === undefined) {
      for (let i = 0; i < count; i++) weightScratch[i] = 1;
    } else if (code === codes.float64) {
      readOperand(weights, this.#rowShape, range, code, weightScratch);
    } else {
      readOperand(weights, this.#rowShape, range, code, floats);
      for (let i = 0; i < count; i++) weightScratch[i] = floats[i];
    }
    if (mask !== undefined) this.#readMask(mask, range);
    if (this.#weighsRows) this.#readClasses(first, count);
  }

  /** Whether a row that was read does not count, whatever its loss and its weight are. */
  isIgnored(i: number): boolean {
    return this.haveIgnored && ids[i] === ignored;
  }

  /** Adds the weights and mask values that were read to the totals. */
  addTo(totals: Totals, count: number): void {
    const { mask } = this.#call;
    totals.weights.add(sumByLanes(weightScratch, count));
    if (mask !== undefined || this.#weighsRows) totals.kept.add(sumByLanes(maskScratch, count));
  }

  #readMask(mask: Operand, range: RowRange): void {
    readOperand(mask, this.#rowShape, range, codes.float64, maskScratch);
    const count = range.end - range.first;
    for (let i = 0; i < count; i++) {
      // An invalid mask value makes the sum of the mask NaN, which `checkMask` reports.
      maskScratch[i] = maskScratch[i] === 0 ? 0 : maskScratch[i] === 1 ? 1 : Number.NaN;
      weightScratch[i] *= maskScratch[i];
    }
  }

  #readClasses(first: number, count: number): void {
    const { mask, classWeights } = this.#call;
    if (mask === undefined) maskScratch.fill(1, 0, count);
    if (!this.#classes.read(first, count, ids)) this.areLabelsValid = false;
    for (let i = 0; i < count; i++) {
      const id = ids[i] as number;
      if (id === ignored) {
        weightScratch[i] = 0;
        if (!Number.isNaN(maskScratch[i] as number)) maskScratch[i] = 0;
      } else if (classWeights !== undefined) {
        weightScratch[i] *= classWeights[id] as number;
      }
    }
  }
}
