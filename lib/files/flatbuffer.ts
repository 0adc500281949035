// The few things of a flatbuffer that tell where the parts of an Arrow file are, or change it.

/** Returns the place of a field of the table whose reference is at `at`; undefined if it has none. */
export function fieldAt(bytes: Buffer, at: number, field: number): number | undefined {
  const table = at + bytes.readInt32LE(at);
  const index = table - bytes.readInt32LE(table);
  if (field >= bytes.readUInt16LE(index)) return undefined;
  const offset = bytes.readUInt16LE(index + field);
  return offset === 0 ? undefined : table + offset;
}

/** Returns the place of a vector, where its length is, for the field that refers to it. */
export const vectorAt = (bytes: Buffer, field: number) => field + bytes.readUInt32LE(field);

export const longAt = (bytes: Buffer, at: number) => Number(bytes.readBigInt64LE(at));

/** Rounds a length up: everything in Arrow data begins at a multiple of 8 bytes. */
export const aligned = (length: number) => Math.ceil(length / 8) * 8;

/**
 * Returns a copy without a field of the table whose reference is at `at`. The table gets an index of
 * its own, because tables share them.
 */
export function withoutField(bytes: Buffer, at: number, field: number): Buffer {
  const table = at + bytes.readInt32LE(at);
  const index = table - bytes.readInt32LE(table);
  const indexLength = bytes.readUInt16LE(index);
  const ownIndex = aligned(bytes.length);
  const copy = Buffer.alloc(aligned(ownIndex + indexLength));
  bytes.copy(copy);
  bytes.copy(copy, ownIndex, index, index + indexLength);
  copy.writeUInt16LE(0, ownIndex + field);
  copy.writeInt32LE(table - ownIndex, table);
  return copy;
}
