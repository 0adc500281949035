import type { Computed } from "../../tensor/cast.js";
import { chunkSize } from "../call.js";

/**
 * Memory for the values of one tile, in either type of arithmetic. Evaluations share it: they cannot
 * be nested, because none runs user code.
 */
export class Scratch {
  readonly #float: Float32Array;
  readonly #double: Float64Array;

  constructor(size = chunkSize) {
    this.#float = new Float32Array(size);
    this.#double = new Float64Array(size);
  }

  /** Creates memory that holds one number everywhere. */
  static filledWith(value: number): Scratch {
    const scratch = new Scratch();
    scratch.#float.fill(value);
    scratch.#double.fill(value);
    return scratch;
  }

  of(wide: boolean): Computed {
    return wide ? this.#double : this.#float;
  }
}
