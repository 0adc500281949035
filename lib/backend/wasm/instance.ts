import { frameSize } from "../call-frame.js";
import { instantiate, type WasmModule } from "./webassembly.js";

/** The exports of native/binding/wasm.cpp. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Returns the address of the call frame. */
  frame(): number;
  frameBytes(): number;
  /** Returns the address of a name that ends in 0, or 0. */
  lossName(loss: number): number;
  /** Returns the address of memory for the arrays of a call, or 0 if there is not enough. */
  reserve(bytes: number): number;
  evaluate(...addresses: Addresses): number;
}

/** The addresses of the arrays of a call; 0 for those that are missing. */
export type Addresses = readonly [
  labels: number,
  predictions: number,
  weights: number,
  mask: number,
  classWeights: number,
  losses: number,
  gradient: number,
];

/** The memory of an instance. Memory that grows gets another buffer, and the views become empty. */
interface Views {
  readonly bytes: Uint8Array;
  readonly frame: Float64Array;
}

/** An instance of the module, which owns memory of its own. */
export class WasmInstance {
  /** The address of the memory for arrays. */
  arrays = 0;
  readonly lossNumbers: ReadonlyMap<string, number>;
  readonly #exports: Exports;
  #views: Views = { bytes: new Uint8Array(), frame: new Float64Array() };
  #reserved = 0;

  /** Throws if the module was built for another version of the library. */
  constructor(module: WasmModule) {
    this.#exports = instantiate(module) as Exports;
    if (this.#exports.frameBytes() !== 8 * frameSize) {
      throw new Error("it was built for another version of maxmargin");
    }
    this.lossNumbers = new Map(this.#lossNames().map((name, number) => [name, number]));
  }

  /** Views that are valid until the next call of a method. */
  get views(): Views {
    if (this.#views.bytes.length === 0) {
      const { buffer } = this.#exports.memory;
      const frame = new Float64Array(buffer, this.#exports.frame(), frameSize);
      this.#views = { bytes: new Uint8Array(buffer), frame };
    }
    return this.#views;
  }

  /**
   * Makes room for arrays.
   *
   * @throws RangeError if there is no memory.
   */
  reserve(bytes: number): void {
    if (bytes <= this.#reserved) return;
    this.#reserved = 0;
    this.arrays = this.#exports.reserve(bytes);
    if (this.arrays === 0) throw new RangeError("maxmargin: out of memory");
    this.#reserved = bytes;
  }

  /** Evaluates the batch that the frame describes. */
  evaluate(addresses: Addresses): void {
    if (this.#exports.evaluate(...addresses) !== 1) {
      throw new TypeError("maxmargin: a number of the WebAssembly call frame is wrong");
    }
  }

  #lossNames(): string[] {
    const names: string[] = [];
    const { bytes } = this.views;
    for (let at = this.#exports.lossName(0); at !== 0; at = this.#exports.lossName(names.length)) {
      names.push(String.fromCharCode(...bytes.subarray(at, bytes.indexOf(0, at))));
    }
    return names;
  }
}
