/** Compressed data that cannot be read. The message continues "received". */
export class CompressionError extends Error {}
