// Reads typed arrays through the engine's own getters, captured at load. A program can define a
// `length` or a `buffer` of its own on an array, which could lie, or run code in the middle of a
// call.

/** Any typed array, of any realm. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

const prototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

type Getter<T> = (this: unknown) => T;

const getter = <T>(key: PropertyKey) =>
  Object.getOwnPropertyDescriptor(prototype, key)?.get as Getter<T>;

const kindGetter = getter<string | undefined>(Symbol.toStringTag);
const bufferGetter = getter<ArrayBufferLike>("buffer");
const byteOffsetGetter = getter<number>("byteOffset");
const byteLengthGetter = getter<number>("byteLength");
const lengthGetter = getter<number>("length");

/** Returns the name of a typed array's kind, and undefined for anything else. */
export const kindOf = (data: unknown) => kindGetter.call(data);

export const bufferOf = (data: TypedArray) => bufferGetter.call(data);
export const byteOffsetOf = (data: TypedArray) => byteOffsetGetter.call(data);
export const byteLengthOf = (data: TypedArray) => byteLengthGetter.call(data);
export const lengthOf = (data: TypedArray) => lengthGetter.call(data);

const { fill, set } = prototype as {
  fill(this: TypedArray, value: number): void;
  set(this: TypedArray, from: TypedArray): void;
};

/** Fills an array with zeros. */
export const clear = (data: TypedArray) => fill.call(data, 0);

/** Copies all numbers of an array to the beginning of another one, of any kind but that of BigInts. */
export const copyTo = (to: TypedArray, from: TypedArray) => set.call(to, from);

const bytesOfBuffer = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")
  ?.get as Getter<number>;

/**
 * Whether a buffer's memory is shared between threads. Calling the getter of ordinary buffers takes
 * less time than the check of Node's own.
 */
export function isShared(buffer: ArrayBufferLike): boolean {
  try {
    bytesOfBuffer.call(buffer);
    return false;
  } catch {
    return true;
  }
}

type Constructor = {
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
  readonly BYTES_PER_ELEMENT: number;
};

/** Captured at load: a replaced constructor could keep the arrays that it creates. */
const constructors = new Map(
  [
    "Int8Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "Int16Array",
    "Uint16Array",
    "Int32Array",
    "Uint32Array",
    "BigInt64Array",
    "BigUint64Array",
    "Float16Array",
    "Float32Array",
    "Float64Array",
  ].map((kind) => [kind, (globalThis as unknown as Record<string, Constructor>)[kind]]),
);

const constructorOf = (kind: string) => constructors.get(kind) as Constructor;

/** Whether this runtime has typed arrays of a kind. */
export const isKind = (kind: string) => constructors.get(kind) !== undefined;

/** Returns a view of `length` values of a kind in a buffer. */
export const viewIn = (
  kind: string,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): TypedArray => new (constructorOf(kind))(buffer, byteOffset, length);

/** Returns a new array of a kind. */
export const newArray = (kind: string, length: number): TypedArray =>
  new (constructorOf(kind))(length);

export const bytesPerValue = (kind: string) => constructorOf(kind).BYTES_PER_ELEMENT;

/** Returns `length` of an array's values, from `first` on, in its own memory. */
export function sliceOf(data: TypedArray, first: number, length: number): TypedArray {
  const kind = kindOf(data) as string;
  const byteOffset = byteOffsetOf(data) + first * bytesPerValue(kind);
  return viewIn(kind, bufferOf(data), byteOffset, length);
}
