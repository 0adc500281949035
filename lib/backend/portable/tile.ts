import type { Tile } from "../../losses/spec.js";
import { type Computed, cast, newRawArray, type RawArray } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import { gather } from "../../tensor/gather.js";
import { type Call, chunkSize, type Operand } from "../call.js";

const isBinary = (label: number) => label === 0 || label === 1;

/** Memory for the values of one tile. */
class Scratch {
  readonly float = new Float32Array(chunkSize);
  readonly double = new Float64Array(chunkSize);
  /** Gathered values before they are cast, by dtype code. */
  readonly gathered: RawArray[] = [];

  of(wide: boolean): Computed {
    return wide ? this.double : this.float;
  }
}

/**
 * One set each for labels and predictions. Evaluations cannot be nested, because none runs user
 * code.
 */
const labelScratch = new Scratch();
const predictionScratch = new Scratch();

/** Reads the tiles of a call. */
export class TileReader implements Tile {
  readonly wide: boolean;
  labels!: Computed;
  labelsAt = 0;
  predictions!: Computed;
  predictionsAt = 0;
  readonly #call: Call;

  constructor(call: Call) {
    this.#call = call;
    this.wide = call.code === codes.float64;
  }

  /**
   * Reads n values from `start` on.
   *
   * @param signed - whether labels 0 and 1 become -1 and 1.
   * @returns false if `signed` and a label is neither 0 nor 1.
   */
  read(start: number, n: number, signed: boolean): boolean {
    const { predictions } = this.#call;
    this.predictions = this.#read(predictions, start, n, predictionScratch);
    this.predictionsAt = this.predictions === predictions.values ? predictions.offset + start : 0;
    this.#readLabels(start, n);
    return !signed || this.#sign(n);
  }

  /** Whether the first and the last few labels are 0 or 1, which nearly always decides. */
  looksBinary(start: number, end: number): boolean {
    const n = Math.min(8, end - start);
    return this.#areBinary(start, n) && this.#areBinary(end - n, n);
  }

  /** Whether all labels are 0 or 1. */
  areBinary(start: number, end: number): boolean {
    for (let at = start; at < end; at += chunkSize) {
      if (!this.#areBinary(at, Math.min(chunkSize, end - at))) return false;
    }
    return true;
  }

  #areBinary(start: number, n: number): boolean {
    this.#readLabels(start, n);
    const { labels, labelsAt } = this;
    for (let i = labelsAt; i < labelsAt + n; i++) if (!isBinary(labels[i])) return false;
    return true;
  }

  #readLabels(start: number, n: number): void {
    const { labels } = this.#call;
    this.labels = this.#read(labels, start, n, labelScratch);
    this.labelsAt = this.labels === labels.values ? labels.offset + start : 0;
  }

  #sign(n: number): boolean {
    const { labels, labelsAt } = this;
    const signs = labelScratch.of(this.wide);
    let impure = 0;
    for (let i = 0; i < n; i++) {
      const label = labels[labelsAt + i];
      impure += Math.abs(label * (1 - label));
      signs[i] = 2 * label - 1;
    }
    this.labels = signs;
    this.labelsAt = 0;
    return impure === 0;
  }

  #read(operand: Operand, start: number, n: number, scratch: Scratch): Computed {
    const { code: as, shape } = this.#call;
    const { values, code, strides, offset } = operand;
    const isComputed = code === as && (code === codes.float32 || code === codes.float64);
    if (strides === undefined) {
      if (isComputed) return values as Computed;
      cast(code, values, offset + start, n, as, scratch.of(this.wide));
      return scratch.of(this.wide);
    }
    scratch.gathered[code] ??= newRawArray(code, chunkSize);
    const to = isComputed ? scratch.of(this.wide) : (scratch.gathered[code] as RawArray);
    gather({ values, strides, offset }, shape as readonly number[], start, to, n);
    if (!isComputed) cast(code, to, 0, n, as, scratch.of(this.wide));
    return scratch.of(this.wide);
  }
}
