// Rows of a batch on their way through the memory of an instance.
import { bytesOf, rawArrayIn } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import { eachRun, gather } from "../../tensor/gather.js";
import { bufferOf, byteOffsetOf } from "../../typed-arrays.js";
import { type Call, type Operand, type RowRange, readsLabels } from "../call.js";
import type { Place } from "../call-frame.js";
import type { Addresses, WasmInstance } from "./instance.js";

/** Values of an operand, from a logical index on, and their place in the memory for arrays. */
interface Part {
  readonly operand: Operand;
  /** The shape of the operand, if it has strides. */
  readonly shape: readonly number[] | undefined;
  readonly start: number;
  readonly n: number;
  /** The offset in bytes of the array, and of the first value that is used. */
  readonly at: number;
  readonly firstAt: number;
}

/** In the order of {@link Addresses}. */
type Parts = readonly (Part | undefined)[];

const cacheLine = 64;

/** The rows of a call that are computed at once. */
export class Piece {
  /**
   * The rows as the instance sees them. A flat call with class ids can begin in the middle of a row:
   * then it sees whole rows, of which it reads a part.
   */
  readonly place: Place;
  /** The size of the memory for arrays. */
  bytes = 0;
  readonly #inputs: Parts;
  readonly #outputs: Parts;

  constructor(call: Call, { first, end }: RowRange) {
    const { operation, encoding, shape, width, classes, classWeights } = call;
    const haveIds = encoding === "sparse";
    const rows = { start: first, n: end - first };
    const values = { start: first * width, n: rows.n * width };
    const firstId = Math.floor(values.start / classes);
    const ids = { start: firstId, n: Math.ceil((values.start + values.n) / classes) - firstId };
    const isCut = call.isFlat && haveIds;
    const firstRow = isCut ? first - firstId * classes : 0;
    this.place = { firstRow, rows: rows.n, batchRows: isCut ? ids.n * classes : rows.n };

    const shapeOfRows = shape?.slice(0, -1);
    const ofRows = (operand: Operand | undefined) => this.#place(operand, shapeOfRows, rows);
    const ofValues = (operand: Operand | undefined) =>
      this.#place(operand, shape, values, firstRow * width);
    const labels = readsLabels(call) ? call.labels : undefined;
    this.#inputs = [
      haveIds ? this.#place(labels, shapeOfRows, ids) : ofValues(labels),
      ofValues(operation === "weights" ? undefined : call.predictions),
      ofRows(call.weights),
      ofRows(call.mask),
      classWeights && this.#place(rowMajor(classWeights), undefined, whole(classWeights)),
    ];
    this.#outputs = [ofRows(call.losses), ofValues(call.gradient)];
  }

  /** Takes room for n values of an operand, and for as many before them as are `skipped`. */
  #place(
    operand: Operand | undefined,
    shape: readonly number[] | undefined,
    { start, n }: { readonly start: number; readonly n: number },
    skipped = 0,
  ): Part | undefined {
    if (operand === undefined) return undefined;
    const size = bytesOf(operand.code);
    const at = this.bytes;
    this.bytes += Math.ceil(((skipped + n) * size) / cacheLine) * cacheLine;
    return { operand, shape, start, n, at, firstAt: at + skipped * size };
  }

  /** Copies the operands into the memory of an instance that has room for them. */
  copyIn({ views, arrays }: WasmInstance): Addresses {
    for (const part of this.#inputs) if (part !== undefined) copyIn(part, views.bytes, arrays);
    const addresses = [...this.#inputs, ...this.#outputs].map((part) =>
      part === undefined ? 0 : arrays + part.at,
    );
    return addresses as unknown as Addresses;
  }

  /** Copies the results out of it. */
  copyOut({ views, arrays }: WasmInstance): void {
    for (const part of this.#outputs) if (part !== undefined) copyOut(part, views.bytes, arrays);
  }
}

const rowMajor = (values: Float64Array): Operand => ({
  values,
  code: codes.float64,
  strides: undefined,
  offset: 0,
});

const whole = ({ length }: Float64Array) => ({ start: 0, n: length });

/** The bytes of a row-major part. */
function bytesIn({ operand, start, n }: Part): Uint8Array {
  const { values, code, offset } = operand;
  const size = bytesOf(code);
  return new Uint8Array(bufferOf(values), byteOffsetOf(values) + (offset + start) * size, n * size);
}

/** The layout of an operand over the axes of its shape. */
function layoutOf({ operand, shape }: Part) {
  // The one row of a batch without other axes has one value, which is repeated for its parts.
  const axes = shape === undefined || shape.length === 0 ? [1] : shape;
  const strides = operand.strides?.slice(0, axes.length) as readonly number[];
  return { axes, layout: { strides, offset: operand.offset } };
}

function copyIn(part: Part, memory: Uint8Array, arrays: number): void {
  const { operand, start, n, firstAt } = part;
  if (operand.strides === undefined) {
    memory.set(bytesIn(part), arrays + firstAt);
    return;
  }
  const { axes, layout } = layoutOf(part);
  const to = rawArrayIn(operand.code, memory.buffer, arrays + firstAt, n);
  gather({ values: operand.values, ...layout }, axes, start, to, n);
}

/** Copies results, or adds derivatives to those of repeated predictions. */
function copyOut(part: Part, memory: Uint8Array, arrays: number): void {
  const { operand, start, n, firstAt } = part;
  const from = arrays + firstAt;
  if (operand.strides === undefined) {
    bytesIn(part).set(memory.subarray(from, from + n * bytesOf(operand.code)));
    return;
  }
  const { axes, layout } = layoutOf(part);
  const sums = operand.values as Float64Array;
  const derivatives = rawArrayIn(operand.code, memory.buffer, from, n) as Float64Array;
  eachRun(layout, axes, start, n, (first, step, count, at) => {
    for (let i = 0; i < count; i++) sums[first + i * step] += derivatives[at + i];
  });
}
