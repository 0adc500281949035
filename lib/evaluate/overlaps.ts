import { overlap } from "../backend/backend.js";
import type { RowTensor } from "../tensor/tensor.js";
import { bufferOf, byteLengthOf, byteOffsetOf, isShared } from "../typed-arrays.js";

// Captured at load.
const { load = undefined, store = undefined } =
  (globalThis as { Atomics?: typeof Atomics }).Atomics ?? {};

/** Whether an array that will be written to shares memory with another. */
export function overlaps(written: RowTensor, other: RowTensor): boolean {
  const buffer = bufferOf(written.data);
  const otherBuffer = bufferOf(other.data);
  if (buffer === otherBuffer) return commonByte(written, other) !== undefined;
  if (!isShared(buffer) || !isShared(otherBuffer)) return false;
  // Several SharedArrayBuffers are the same memory if one is a clone of the other, or if shared
  // WebAssembly memory has grown.
  const isKnown = overlap(written.stored, other.stored);
  if (isKnown !== undefined) return isKnown;
  const at = commonByte(written, other);
  return at !== undefined && isSameMemory(buffer, otherBuffer, at);
}

/** Returns the first byte that two arrays have in common if their buffers are the same memory. */
function commonByte({ data: a }: RowTensor, { data: b }: RowTensor): number | undefined {
  const first = Math.max(byteOffsetOf(a), byteOffsetOf(b));
  const end = Math.min(byteOffsetOf(a) + byteLengthOf(a), byteOffsetOf(b) + byteLengthOf(b));
  return first < end ? first : undefined;
}

/**
 * Whether two shared buffers are the same memory: a byte written through one is then read through
 * the other. The byte is in memory that will be written to anyway.
 */
function isSameMemory(written: ArrayBufferLike, other: ArrayBufferLike, at: number): boolean {
  const [to, from] = [new Uint8Array(written, at, 1), new Uint8Array(other, at, 1)];
  // Without atomics no byte can be probed, and memory that may be the same is refused.
  if (load === undefined || store === undefined) return true;
  const before = load(to, 0);
  // Another thread may happen to write one of these numbers, but not all of them.
  const isRead = [0x55, 0xaa, 0x0f, 0xf0].every((bits) => {
    store(to, 0, before ^ bits);
    return load(from, 0) === (before ^ bits);
  });
  store(to, 0, before);
  return isRead;
}
