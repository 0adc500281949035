import {
  bufferOf,
  byteLengthOf,
  byteOffsetOf,
  isShared,
  type TypedArray,
} from "../typed-arrays.js";

// Captured at load.
const { load, store } = Atomics;

/** Whether an array that will be written to shares memory with another. */
export function overlaps(written: TypedArray, other: TypedArray): boolean {
  const start = byteOffsetOf(written);
  const otherStart = byteOffsetOf(other);
  const common = Math.max(start, otherStart);
  if (common >= start + byteLengthOf(written)) return false;
  if (common >= otherStart + byteLengthOf(other)) return false;
  const buffer = bufferOf(written);
  const otherBuffer = bufferOf(other);
  return buffer === otherBuffer || isSameMemory(buffer, otherBuffer, common);
}

/**
 * Whether two buffers are the same memory, like a `SharedArrayBuffer` and its clone: a byte written
 * through one is then read through the other. The byte is in memory that will be written to anyway.
 */
function isSameMemory(written: ArrayBufferLike, other: ArrayBufferLike, at: number): boolean {
  if (!isShared(written) || !isShared(other)) return false;
  const to = new Uint8Array(written, at, 1);
  const from = new Uint8Array(other, at, 1);
  const before = load(to, 0);
  // Another thread may happen to write one of these numbers, but not all of them.
  const isRead = [0x55, 0xaa, 0x0f, 0xf0].every((bits) => {
    store(to, 0, before ^ bits);
    return load(from, 0) === (before ^ bits);
  });
  store(to, 0, before);
  return isRead;
}
