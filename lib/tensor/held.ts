import { wrongValue } from "../errors.js";
import { bufferOf, byteOffsetOf, isKind, kindOf, lengthOf, viewIn } from "../typed-arrays.js";
import { type Dtype, dtypesOf, type TensorData } from "./dtypes.js";

/** A typed array that a tensor can hold, and the dtypes that it can have, the likeliest first. */
export interface Held {
  readonly data: TensorData;
  readonly dtypes: readonly Dtype[];
}

/**
 * Returns a typed array in a form that a tensor can hold, in the same memory; undefined for
 * anything else.
 *
 * @param argument - its name in messages.
 */
export function held(value: unknown, argument: string): Held | undefined {
  const dtypes = dtypesOf(value);
  if (dtypes !== undefined) return { data: value as TensorData, dtypes };
  if (kindOf(value) === "BigUint64Array") {
    return { data: signed(value as BigUint64Array, argument), dtypes: ["int64"] };
  }
  const bits = isHalfOfLibrary(value) ? bitsOf(value, argument) : undefined;
  return bits && { data: bits, dtypes: ["float16"] };
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Returns unsigned integers as signed ones, which is the same unless one needs the highest bit. */
function signed(values: BigUint64Array, argument: string): BigInt64Array {
  const n = lengthOf(values);
  const inMemory = (kind: string, length: number) =>
    viewIn(kind, bufferOf(values), byteOffsetOf(values), length);
  const halves = n === 0 ? undefined : (inMemory("Int32Array", 2 * n) as Int32Array);
  for (let i = 0; halves !== undefined && i < n; i++) {
    if ((halves[2 * i + (isLittleEndian ? 1 : 0)] as number) < 0) {
      throw wrongValue(`${argument}[${i}]`, "an integer below 2 ** 63", `${values[i]}`);
    }
  }
  return inMemory("BigInt64Array", n) as BigInt64Array;
}

/** The fields of a typed array that a library implements. */
interface ArrayOfLibrary {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly length: number;
}

/** Whether a value is the `Float16Array` of a library for engines without one: a proxy. */
export const isHalfOfLibrary = (value: unknown): value is ArrayOfLibrary =>
  typeof value === "object" &&
  value !== null &&
  (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === "Float16Array" &&
  "buffer" in value &&
  "byteOffset" in value &&
  "length" in value;

function bitsOf({ buffer, byteOffset, length }: ArrayOfLibrary, argument: string): TensorData {
  const kind = isKind("Float16Array") ? "Float16Array" : "Uint16Array";
  try {
    const bits = viewIn(kind, buffer, byteOffset, length) as TensorData;
    // A view of anything but a buffer would be a copy.
    if (bufferOf(bits) === buffer) return bits;
  } catch {
    // The error below says which argument it is.
  }
  const received = "one whose buffer was detached, or does not fit";
  throw wrongValue(argument, "a Float16Array with its buffer", received);
}
