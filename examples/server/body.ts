import type { IncomingMessage } from "node:http";
import { Refusal } from "./refusal.js";

/**
 * Returns the length of a request's body before any of it is read. A client may be about to send all
 * of a body that is refused, so the connection closes.
 */
export function lengthOf({ headers }: IncomingMessage, limit: number): number {
  if (headers["transfer-encoding"] !== undefined) {
    throw new Refusal(411, "expected a Content-Length, received chunks", { Connection: "close" });
  }
  const length = Number(headers["content-length"] ?? 0);
  checkLength(length, limit);
  return length;
}

export function checkLength(length: number, limit: number): void {
  if (length <= limit) return;
  const message = `expected at most ${limit} bytes, received ${length}`;
  throw new Refusal(413, message, { Connection: "close" });
}

/**
 * Reads a body into arrays, one after the other, so that each is aligned as its values have to be.
 * The arrays are as long as the body; Node's parser ends it there.
 */
export async function readInto(
  request: IncomingMessage,
  arrays: readonly Uint8Array[],
): Promise<void> {
  let index = 0;
  let filled = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; ) {
      const array = arrays[index];
      const piece = chunk.subarray(at, at + array.length - filled);
      array.set(piece, filled);
      at += piece.length;
      filled += piece.length;
      if (filled < array.length) continue;
      index++;
      filled = 0;
    }
  }
}
