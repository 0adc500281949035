// The few things of a flatbuffer that tell where the parts of an Arrow file are.

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
