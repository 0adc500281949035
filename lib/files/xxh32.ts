// The checksum of LZ4 frames: XXH32 with a seed of 0, of github.com/Cyan4973/xxHash.

const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

const rotated = (x: number, bits: number) => (x << bits) | (x >>> (32 - bits));

const round = (sum: number, word: number) =>
  Math.imul(rotated(sum + Math.imul(word, prime2), 13), prime1);

/** Returns the checksum of some bytes. */
export function xxh32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  let at = 0;
  let hash: number = prime5;
  if (length >= 16) {
    let [a, b, c, d] = [(prime1 + prime2) | 0, prime2 | 0, 0, -prime1 | 0];
    for (; at + 16 <= length; at += 16) {
      a = round(a, view.getInt32(at, true));
      b = round(b, view.getInt32(at + 4, true));
      c = round(c, view.getInt32(at + 8, true));
      d = round(d, view.getInt32(at + 12, true));
    }
    hash = rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18);
  }
  hash = (hash + length) | 0;
  for (; at + 4 <= length; at += 4) {
    const word = Math.imul(view.getInt32(at, true), prime3);
    hash = Math.imul(rotated((hash + word) | 0, 17), prime4);
  }
  for (; at < length; at++) {
    const byte = Math.imul(bytes[at] as number, prime5);
    hash = Math.imul(rotated((hash + byte) | 0, 11), prime1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
