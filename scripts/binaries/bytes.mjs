/** A file's bytes as its format's numbers and names: both processors that we build for are little-endian. */
export class Bytes {
  /** @param {Buffer} buffer */
  constructor(buffer) {
    this.buffer = buffer;
    this.u16 = (/** @type {number} */ at) => buffer.readUInt16LE(at);
    this.u32 = (/** @type {number} */ at) => buffer.readUInt32LE(at);
    this.u64 = (/** @type {number} */ at) => Number(buffer.readBigUInt64LE(at));
  }

  /**
   * A name that ends with a zero byte, or where its field does.
   *
   * @param {number} at
   */
  name(at, length = this.buffer.length - at) {
    const end = this.buffer.indexOf(0, at);
    return this.buffer.toString("latin1", at, Math.min(end < 0 ? Infinity : end, at + length));
  }
}
