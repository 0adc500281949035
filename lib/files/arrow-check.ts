// Checks Arrow metadata before a package reads it: the lengths in a damaged file are at most what fits.
import { fieldAt, longAt, vectorAt, withoutField } from "./flatbuffer.js";

/** The fields of tables, by their place in the table's index. */
const message = { version: 4, kind: 6, header: 8, bodyLength: 10 };
const record = { length: 4, nodes: 6, buffers: 8, compression: 10, variadic: 12 };
const dictionary = { id: 4, data: 6, isDelta: 8 };
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

/** Where the bytes of a column are in a body: they begin at `offset`. */
export interface Region {
  /** The place of these numbers in the metadata. */
  readonly at: number;
  readonly offset: number;
  readonly length: number;
}

/** A record batch, or the values of a dictionary. */
export interface RecordInfo {
  /** The place of the reference to its table. */
  readonly at: number;
  readonly regions: readonly Region[];
  /** The number of values in its longest column, of a child too. */
  readonly longest: number;
  /** Whether there are columns of text whose bytes are in regions of their own. */
  readonly hasViews: boolean;
  /** The place of the reference to what is said about the compression of the body, if it is. */
  readonly compression: number | undefined;
}

/** The number of version 4 of the format. Regions had a number more before. */
const version4 = 3;

function regionsOf(bytes: Buffer, at: number): Region[] {
  const version = fieldAt(bytes, 0, message.version);
  const isOld = version === undefined || bytes.readInt16LE(version) < version4;
  const start = isOld ? 8 : 0;
  return elementsOf(bytes, at, record.buffers, start + 16).map((element) => ({
    at: element + start,
    offset: longAt(bytes, element + start),
    length: longAt(bytes, element + start + 8),
  }));
}

function checkRecord(bytes: Buffer, at: number, bodyLength: number): RecordInfo {
  const hasViews = elementsOf(bytes, at, record.variadic, 8).length > 0;
  const regions = regionsOf(bytes, at);
  const isInside = ({ offset, length }: Region) =>
    length === 0 || (offset >= 0 && length > 0 && offset + length <= bodyLength);
  if (!regions.every(isInside)) throw new ImpossibleMetadata();
  const compression = fieldAt(bytes, at, record.compression);
  const length = fieldAt(bytes, at, record.length);
  const rows = length === undefined ? 0 : longAt(bytes, length);
  const lengths = elementsOf(bytes, at, record.nodes, 16).map((node) => longAt(bytes, node));
  // A value has at least a bit, unless it is compressed: then it is checked without compression.
  const most = compression === undefined ? 8 * bodyLength : Infinity;
  const isPossible = (count: number) => count >= 0 && count <= most;
  if (!isPossible(rows) || !lengths.every(isPossible)) throw new ImpossibleMetadata();
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  return { at, regions, longest, hasViews, compression };
}

/** Values of a dictionary. */
export interface DictionaryInfo {
  readonly id: number;
  /** Whether they are added to those that the dictionary has; otherwise they replace them. */
  readonly isDelta: boolean;
}

function dictionaryAt(bytes: Buffer, header: number): DictionaryInfo {
  const id = fieldAt(bytes, header, dictionary.id);
  const isDelta = fieldAt(bytes, header, dictionary.isDelta);
  return {
    id: id === undefined ? 0 : longAt(bytes, id),
    isDelta: isDelta !== undefined && bytes[isDelta] !== 0,
  };
}

/** What a message says about itself. */
export interface MessageInfo {
  readonly isRecord: boolean;
  readonly dictionary: DictionaryInfo | undefined;
  readonly bodyLength: number;
  /** What it consists of, unless it is a schema. */
  readonly record: RecordInfo | undefined;
}

/** Checks the metadata of a message. */
export function checkMessage(bytes: Buffer): MessageInfo {
  const place = fieldAt(bytes, 0, message.kind);
  const kind = place === undefined ? 0 : (bytes[place] as number);
  const body = fieldAt(bytes, 0, message.bodyLength);
  const bodyLength = body === undefined ? 0 : longAt(bytes, body);
  const header = fieldAt(bytes, 0, message.header);
  if (header === undefined || !(bodyLength >= 0)) throw new ImpossibleMetadata();
  if (kind === kinds.schema) {
    checkSchema(bytes, header);
    return { isRecord: false, dictionary: undefined, bodyLength, record: undefined };
  }
  const isRecord = kind === kinds.record;
  if (!isRecord && kind !== kinds.dictionary) throw new ImpossibleMetadata();
  const at = isRecord ? header : fieldAt(bytes, header, dictionary.data);
  if (at === undefined) throw new ImpossibleMetadata();
  return {
    isRecord,
    dictionary: isRecord ? undefined : dictionaryAt(bytes, header),
    bodyLength,
    record: checkRecord(bytes, at, bodyLength),
  };
}

/**
 * Returns the metadata of a message for a body that is not compressed, whose regions are `regions`,
 * and checks them.
 */
export function describeUncompressed(
  bytes: Buffer,
  { at }: RecordInfo,
  regions: readonly Region[],
  bodyLength: number,
): Buffer {
  const copy = withoutField(bytes, at, record.compression);
  for (const { at, offset, length } of regions) {
    copy.writeBigInt64LE(BigInt(offset), at);
    copy.writeBigInt64LE(BigInt(length), at + 8);
  }
  const body = fieldAt(copy, 0, message.bodyLength);
  if (body !== undefined) copy.writeBigInt64LE(BigInt(bodyLength), body);
  checkMessage(copy);
  return copy;
}

/** Checks the schema in a footer. */
export function checkFooter(bytes: Buffer): void {
  elementsOf(bytes, 0, footer.metadata, 4);
  const place = fieldAt(bytes, 0, footer.schema);
  if (place === undefined) throw new ImpossibleMetadata();
  checkSchema(bytes, place);
}
