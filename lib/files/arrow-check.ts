// Checks Arrow metadata before a package reads it: the lengths in a damaged file are at most what fits.
import { fieldAt, longAt, vectorAt } from "./flatbuffer.js";

/** The fields of tables, by their place in the table's index. */
const message = { kind: 6, header: 8, bodyLength: 10 };
const record = { length: 4, nodes: 6, buffers: 8, variadic: 12 };
const dictionary = { data: 6 };
const schema = { fields: 6, metadata: 8 };
const field = { children: 14, metadata: 16 };
const footer = { schema: 6, metadata: 12 };
const kinds = { schema: 1, dictionary: 2, record: 3 };

/** Nested columns of more levels are damage. */
const deepest = 32;

/** Metadata of which a length or a place is impossible. */
export class ImpossibleMetadata extends Error {}

function elementsOf(bytes: Buffer, at: number, name: number, size: number): number[] {
  const place = fieldAt(bytes, at, name);
  if (place === undefined) return [];
  const start = vectorAt(bytes, place);
  const length = bytes.readUInt32LE(start);
  if (start + 4 + length * size > bytes.length) throw new ImpossibleMetadata();
  return Array.from({ length }, (_, i) => start + 4 + i * size);
}

function checkFields(bytes: Buffer, fields: readonly number[], depth: number): void {
  if (depth > deepest) throw new ImpossibleMetadata();
  for (const at of fields) {
    elementsOf(bytes, at, field.metadata, 4);
    checkFields(bytes, elementsOf(bytes, at, field.children, 4), depth + 1);
  }
}

function checkSchema(bytes: Buffer, at: number): void {
  elementsOf(bytes, at, schema.metadata, 4);
  checkFields(bytes, elementsOf(bytes, at, schema.fields, 4), 0);
}

function checkRecord(bytes: Buffer, at: number, bodyLength: number): void {
  elementsOf(bytes, at, record.nodes, 16);
  elementsOf(bytes, at, record.buffers, 16);
  elementsOf(bytes, at, record.variadic, 8);
  const length = fieldAt(bytes, at, record.length);
  const rows = length === undefined ? 0 : longAt(bytes, length);
  // A value has at least a bit.
  if (!(rows >= 0 && rows <= 8 * bodyLength)) throw new ImpossibleMetadata();
}

/** What a message says about itself. */
export interface MessageInfo {
  readonly isRecord: boolean;
  readonly bodyLength: number;
}

/** Checks the metadata of a message. */
export function checkMessage(bytes: Buffer): MessageInfo {
  const place = fieldAt(bytes, 0, message.kind);
  const kind = place === undefined ? 0 : (bytes[place] as number);
  const body = fieldAt(bytes, 0, message.bodyLength);
  const bodyLength = body === undefined ? 0 : longAt(bytes, body);
  const header = fieldAt(bytes, 0, message.header);
  if (header === undefined || !(bodyLength >= 0)) throw new ImpossibleMetadata();
  if (kind === kinds.schema) checkSchema(bytes, header);
  else if (kind === kinds.record) checkRecord(bytes, header, bodyLength);
  else if (kind === kinds.dictionary) {
    const data = fieldAt(bytes, header, dictionary.data);
    if (data === undefined) throw new ImpossibleMetadata();
    checkRecord(bytes, data, bodyLength);
  } else throw new ImpossibleMetadata();
  return { isRecord: kind === kinds.record, bodyLength };
}

/** Checks the schema in a footer. */
export function checkFooter(bytes: Buffer): void {
  elementsOf(bytes, 0, footer.metadata, 4);
  const place = fieldAt(bytes, 0, footer.schema);
  if (place === undefined) throw new ImpossibleMetadata();
  checkSchema(bytes, place);
}
