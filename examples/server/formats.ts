import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Batch } from "./batch.js";
import { readBinary } from "./binary.js";
import { readJson } from "./json.js";
import type { Limits } from "./limits.js";
import { Refusal } from "./refusal.js";

/** What a request says of its batch before its body. */
export interface Announced {
  readonly query: URLSearchParams;
  /** Of the body, in bytes. */
  readonly length: number;
}

/** Checks what is announced, and returns a function that reads the body. */
export type Format = (
  request: IncomingMessage,
  announced: Announced,
  limits: Limits,
) => () => Promise<Batch>;

const formats = new Map<string, Format>([
  ["application/json", readJson],
  ["application/octet-stream", readBinary],
]);

/** Returns the format of a body by its headers. */
export function formatOf(headers: IncomingHttpHeaders): Format {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined) {
    throw new Refusal(415, `expected no Content-Encoding, received ${encoding}`);
  }
  const type = headers["content-type"]?.split(";")[0].trim().toLowerCase() ?? "none";
  const format = formats.get(type);
  if (format !== undefined) return format;
  const expected = [...formats.keys()].join(" or ");
  throw new Refusal(415, `expected a Content-Type of ${expected}, received ${type}`);
}
