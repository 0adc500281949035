import { type RawArray, rawArrayIn } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import { checkSlots, frameSize, type Slots } from "../call-frame.js";
import { instantiate, type WasmModule } from "./webassembly.js";

/** The exports of native/binding/wasm.cpp. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Returns the address of the call frame. */
  frame(): number;
  /** Returns the address of a slot of the frame: the address of its name, its index and its size. Or 0. */
  frameSlot(slot: number): number;
  /** Returns the address of a name, or 0. */
  lossName(loss: number): number;
  /** Returns the address of memory for the arrays of a call, or 0 if there is not enough. */
  reserve(bytes: number): number;
  evaluate(...addresses: Addresses): number;
}

/** The addresses of the arrays of a call. Those that are missing count as 0. */
export type Addresses = readonly [
  labels?: number | undefined,
  predictions?: number | undefined,
  losses?: number | undefined,
  gradient?: number | undefined,
  weights?: number | undefined,
  mask?: number | undefined,
  classWeights?: number | undefined,
];

const cacheLine = 64;

/** Returns the room for an array of a number of bytes, behind which the next one is aligned. */
export const paddedSize = (bytes: number) => Math.ceil(bytes / cacheLine) * cacheLine;

/** The memory of an instance. Memory that grows gets another buffer, and the views become empty. */
interface Views {
  readonly bytes: Uint8Array;
  readonly frame: Float64Array;
}

/** An instance of the module, which owns memory of its own. */
export class WasmInstance {
  /** The address of the memory for arrays, which never moves. */
  readonly arrays: number;
  readonly lossNumbers: ReadonlyMap<string, number>;
  readonly #exports: Exports;
  #views: Views = { bytes: new Uint8Array(), frame: new Float64Array() };
  #reserved = 0;

  /** Throws if the module was built for another version of the library. */
  constructor(module: WasmModule) {
    this.#exports = instantiate(module) as Exports;
    checkSlots(this.#slots());
    this.arrays = this.#exports.reserve(0);
    this.lossNumbers = new Map(this.#lossNames().map((name, number) => [name, number]));
  }

  /** Views that are valid until the next call of a method. */
  get views(): Views {
    if (this.#views.bytes.length === 0) {
      const frame = this.#viewOf(codes.float64, this.#exports.frame(), frameSize) as Float64Array;
      this.#views = { bytes: this.#allBytes(), frame };
    }
    return this.#views;
  }

  #viewOf(code: number, address: number, n: number): RawArray {
    return rawArrayIn(code, this.#exports.memory.buffer, address, n);
  }

  #allBytes(): Uint8Array {
    return this.#viewOf(codes.uint8, 0, this.#exports.memory.buffer.byteLength) as Uint8Array;
  }

  /**
   * Makes room for arrays.
   *
   * @throws RangeError if there is no memory.
   */
  reserve(bytes: number): void {
    if (bytes <= this.#reserved) return;
    if (this.#exports.reserve(bytes) === 0) throw new RangeError("maxmargin: out of memory");
    this.#reserved = bytes;
  }

  /** Evaluates the batch that the frame describes. */
  evaluate(...addresses: Addresses): void {
    if (this.#exports.evaluate(...addresses) !== 1) {
      throw new TypeError("maxmargin: a number of the WebAssembly call frame is wrong");
    }
  }

  #lossNames(): string[] {
    const names: string[] = [];
    for (let at = this.#exports.lossName(0); at !== 0; at = this.#exports.lossName(names.length)) {
      names.push(this.#text(at));
    }
    return names;
  }

  #slots(): Slots {
    const slots: Record<string, [number, number]> = {};
    for (let i = 0, at: number; ; i++) {
      at = this.#exports.frameSlot(i);
      if (at === 0) return slots;
      const [name = 0, index = 0, size = 0] = this.#viewOf(codes.uint32, at, 3) as Uint32Array;
      slots[this.#text(name)] = [index, size];
    }
  }

  /** Returns the text at an address, which ends in 0. */
  #text(address: number): string {
    const bytes = this.#allBytes();
    return String.fromCharCode(...bytes.subarray(address, bytes.indexOf(0, address)));
  }
}
