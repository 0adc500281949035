import type { ClassMaxSpec, ElementwiseSpec, Tile } from "../../losses/spec.js";
import { writeResults } from "../../tensor/cast.js";
import { eachRun } from "../../tensor/gather.js";
import { type Call, chunkSize, type GradientOperand } from "../call.js";

const derivatives = new Float64Array(chunkSize);

/** The maximum of a row, and the derivative of the row's loss with respect to it. */
export interface RowMax {
  value: number;
  derivative: number;
}

/** Writes the gradient of the values in a tile. */
export class GradientWriter {
  readonly #call: Call;
  readonly #gradient: GradientOperand;
  readonly #tile: Tile;

  constructor(call: Call, gradient: GradientOperand, tile: Tile) {
    this.#call = call;
    this.#gradient = gradient;
    this.#tile = tile;
  }

  /**
   * Writes rows of an elementwise loss. The first value is at `start` of the batch; `weights` has
   * one value per row.
   */
  writeRows(spec: ElementwiseSpec, start: number, rows: number, weights: Float64Array): void {
    const { width } = this.#call;
    spec.writeDerivatives(this.#tile, 0, rows * width, derivatives);
    for (let row = 0; row < rows; row++) this.#scale(row * width, width, weights[row]);
    this.#store(start, rows * width);
  }

  /** Writes n values with the same weight, up to a chunk. */
  writeValues(spec: ElementwiseSpec, start: number, n: number, weight: number): void {
    spec.writeDerivatives(this.#tile, 0, n, derivatives);
    this.#scale(0, n, weight);
    this.#store(start, n);
  }

  /** Writes n values of one row, from `at` of the tile on, to `start` of the batch. */
  writeOfMax(
    spec: ClassMaxSpec,
    { at, n, start }: { at: number; n: number; start: number },
    max: { readonly value: number; readonly share: number },
    weight: number,
  ): void {
    spec.writeDerivatives(this.#tile, at, n, max, derivatives);
    this.#scale(0, n, weight);
    this.#store(start, n);
  }

  /** Returns the share of the derivative of a maximum that each tie has. */
  shareOf(ties: number): number {
    return this.#rounded(1 / ties);
  }

  #rounded(value: number): number {
    return this.#tile.wide ? value : Math.fround(value);
  }

  #scale(at: number, n: number, weight: number): void {
    const { wide } = this.#tile;
    const factor = this.#rounded(weight);
    for (let i = at; i < at + n; i++) {
      const product = derivatives[i] * factor;
      // Adding 0 turns -0 into 0.
      derivatives[i] = (wide ? product : Math.fround(product)) + 0;
    }
  }

  #store(start: number, n: number): void {
    const { values, strides, offset } = this.#gradient;
    if (strides === undefined) {
      writeResults(this.#call.code, derivatives, n, values, start);
      return;
    }
    const shape = this.#call.shape as readonly number[];
    eachRun({ strides, offset }, shape, start, n, (from, step, count, at) => {
      for (let i = 0; i < count; i++) values[from + i * step] += derivatives[at + i];
    });
  }
}
