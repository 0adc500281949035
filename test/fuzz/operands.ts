// What a random program hands over: values of some dtype, shape and style, somewhere in memory.
import { runInNewContext } from "node:vm";
import { type Tensor, type TensorLike, tensor } from "maxmargin";
import { GrowableBuffer, ResizableBuffer } from "../support/buffers.js";
import {
  type AnyDtype,
  dataOf,
  floatDtypes,
  integerBelow,
  isUnsigned,
  pick,
  type Random,
} from "../support/data.js";
import { scattered } from "./layouts.js";
import { type Shape, sizeOf } from "./shapes.js";

type Data = Tensor["data"];
type Kind = new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => Data;

// ---- Values

/** Real numbers around 0; integers if the dtype has no others. */
const real = (dtype: AnyDtype, random: Random) => {
  const value = (random() + random() + random() - 1.5) * 3;
  if (isFloating(dtype)) return value;
  return isUnsigned(dtype) ? Math.trunc(Math.abs(value)) : Math.trunc(value);
};

export const isFloating = (dtype: AnyDtype) => floatDtypes.some((float) => float === dtype);

const specials = [
  ...[Number.NaN, Infinity, -Infinity, 0, -0, 1, -1, 5e-324, -5e-324, 2 ** -1030, 1e-45, -1e-45],
  ...[6e-39, -6e-39, 6e-8, 1.1754943508222875e-38, 65504, -65504, 65520, 3.4e38, -3.4e38, 2e38],
  ...[1.9e19, -1.9e19, 1e150, -1e150, 1.7e308, -1.7e308, 1 + 2 ** -23, 1 - 2 ** -24, 2, 0.5],
];
const integers = [0, 1, -1, 2, 3, 127, -128, 255, 32767, -32768, 65535, 2 ** 31 - 1, -(2 ** 31)];

const special = (dtype: AnyDtype, random: Random) =>
  isFloating(dtype) ? pick(specials, random) : pick(integers, random);

/** n numbers one after the other, in rows `width` wide. */
export type Numbers = (
  dtype: AnyDtype,
  width: number,
  random: Random,
  n: number,
) => (i: number) => number;

const numbers = {
  "0 and 1": (_dtype, _width, random) => () => integerBelow(2, random),
  signs: (dtype, _width, random) => () => (random() < 0.5 ? 1 : isUnsigned(dtype) ? 3 : -1),
  "one-hot": (_dtype, width, random) => {
    let hot = 0;
    return (i) => {
      if (i % width === 0) hot = integerBelow(width, random);
      return Number(i % width === hot);
    };
  },
  "0 and 1 with few others": (dtype, _width, random) => () =>
    random() < 0.002 ? special(dtype, random) : integerBelow(2, random),
  "0 and 1 but for one": (dtype, _width, random, n) => {
    // Anywhere, and not seldom among the last.
    const place = random() < 0.5 ? n - 1 - integerBelow(20, random) : integerBelow(n, random);
    return (i) => (i === place ? special(dtype, random) : integerBelow(2, random));
  },
  reals: (dtype, _width, random) => () => real(dtype, random),
  specials: (dtype, _width, random) => () => special(dtype, random),
  "few specials": (dtype, _width, random) => () =>
    random() < 0.01 ? special(dtype, random) : real(dtype, random),
  "of any magnitude": (dtype, _width, random) => () =>
    isFloating(dtype) ? real(dtype, random) * 10 ** (random() * 60 - 30) : real(dtype, random),
  zeros: () => () => 0,
} satisfies Record<string, Numbers>;

export type Style = keyof typeof numbers | "any bits";

/** Values of a style, or those that rows by archetype have. */
export type Source = Style | { readonly name: string; readonly numbers: Numbers };

function valuesOf(dtype: AnyDtype, shape: Shape, source: Source, random: Random): Data {
  const n = sizeOf(shape);
  const none = dataOf(dtype, []);
  if (source === "any bits") {
    const bytes = new Uint8Array(n * none.BYTES_PER_ELEMENT);
    for (let i = 0; i < bytes.length; i++) bytes[i] = integerBelow(256, random);
    return new (none.constructor as Kind)(bytes.buffer);
  }
  const numbersOf = typeof source === "string" ? numbers[source] : source.numbers;
  const next = numbersOf(dtype, shape.at(-1) ?? 1, random, n);
  return dataOf(
    dtype,
    Float64Array.from({ length: n }, (_, i) => next(i)),
  );
}

// ---- Places

const foreign = runInNewContext(
  "({ ArrayBuffer, kinds: { Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, " +
    "BigInt64Array, Float32Array, Float64Array } })",
) as { ArrayBuffer: typeof ArrayBuffer; kinds: Record<string, Kind> };

const memories = {
  usual: (bytes) => new ArrayBuffer(bytes),
  shared: (bytes) => new SharedArrayBuffer(bytes),
  resizable: (bytes) => new ResizableBuffer(bytes, { maxByteLength: 2 * bytes }),
  growable: (bytes) => new GrowableBuffer(bytes, { maxByteLength: 2 * bytes }),
  foreign: (bytes) => new foreign.ArrayBuffer(bytes),
} satisfies Record<string, (bytes: number) => ArrayBufferLike>;
type Memory = keyof typeof memories;
const memoryNames = Object.keys(memories) as Memory[];

/** Where an array stands: how many elements from the start of a buffer, with how many others behind it. */
export interface Place {
  readonly memory: Memory;
  readonly before: number;
  readonly behind: number;
  /** Whether the array is as long as its buffer lets it be. */
  readonly isTracking: boolean;
}

export function randomPlace(random: Random): Place {
  const memory = pick(memoryNames, random);
  const isTracking = random() < 0.2;
  const behind = isTracking ? 0 : integerBelow(9, random);
  return { memory, before: integerBelow(9, random), behind, isTracking };
}

/** What fills the memory around an array: NaN, -1, or true. */
const poison = 255;

/** An array and all the memory that it stands in. */
export interface Placed {
  readonly array: Data;
  readonly bytes: Uint8Array;
}

/** A copy of an array at a place. */
export function placed(data: Data, { memory, before, behind, isTracking }: Place): Placed {
  const size = data.BYTES_PER_ELEMENT;
  const buffer = memories[memory]((before + data.length + behind) * size);
  const bytes = new Uint8Array(buffer).fill(poison);
  const name = data.constructor.name;
  const Own = memory === "foreign" ? (foreign.kinds[name] as Kind) : (data.constructor as Kind);
  const array = isTracking
    ? new Own(buffer, before * size)
    : new Own(buffer, before * size, data.length);
  (array as Float64Array).set(data as Float64Array);
  return { array, bytes };
}

export function shownPlace({ memory, before, behind, isTracking }: Place): string {
  return `${memory} memory [${before}..${isTracking ? "" : behind}]`;
}

// ---- Operands

const forms = ["tensor", "object", "array", "nested", "rows", "strided"] as const;

export interface Operand {
  readonly dtype: AnyDtype;
  readonly shape: Shape;
  readonly style: string;
  readonly data: Data;
  readonly form: (typeof forms)[number];
  readonly place: Place;
}

export function randomOperand(
  dtype: AnyDtype,
  shape: Shape,
  source: Source,
  random: Random,
): Operand {
  const data = valuesOf(dtype, shape, source, random);
  const wanted = pick(forms, random);
  return {
    dtype,
    shape,
    style: typeof source === "string" ? source : source.name,
    data,
    form: possible(wanted, dtype, data, shape),
    place: randomPlace(random),
  };
}

/**
 * A bare array has rank 1 and its own dtype, which a Uint16Array does not tell; so have rows, which are a list of such;
 * nested arrays are float64 or bool. Lists hide dimensions behind a 0.
 */
function possible(
  form: Operand["form"],
  dtype: AnyDtype,
  data: Data,
  shape: Shape,
): Operand["form"] {
  const isOwn = tensor(data).dtype === dtype && dtype !== "uint16";
  const fits = {
    tensor: true,
    object: true,
    strided: true,
    array: shape.length === 1 && isOwn,
    rows: shape.length === 2 && data.length > 0 && isOwn,
    nested: (dtype === "float64" || dtype === "bool") && data.length > 0 && data.length < 1000,
  };
  return fits[form] ? form : "tensor";
}

/** An operand as an argument, and the memory that it stands in, if that can be looked at. */
export function argumentOf({ dtype, shape, data, form, place }: Operand): {
  argument: TensorLike;
  placed: Placed | undefined;
} {
  if (form === "nested") {
    const all = Array.from(data as Float64Array);
    const items = dtype === "bool" ? all.map((value) => value !== 0) : all;
    return { argument: nested(items, shape), placed: undefined };
  }
  if (form === "rows") {
    const [length, width] = shape;
    const row = (_: unknown, i: number) => data.slice(i * width, (i + 1) * width);
    return { argument: Array.from({ length }, row), placed: undefined };
  }
  if (form === "strided") {
    return { argument: { ...scattered(data, shape, place), dtype }, placed: undefined };
  }
  const own = placed(data, place);
  const { array } = own;
  if (form === "array") return { argument: array, placed: own };
  if (form === "object") return { argument: { data: array, shape, dtype }, placed: own };
  return { argument: tensor(array, shape, dtype), placed: own };
}

function nested(
  items: readonly (number | boolean)[],
  shape: Shape,
): TensorLike & (number | boolean | object) {
  if (shape.length === 0) return items[0] as number;
  const [length, ...rest] = shape;
  const step = sizeOf(rest);
  return Array.from({ length }, (_, i) =>
    nested(items.slice(i * step, (i + 1) * step), rest),
  ) as never;
}

export function shownOperand({ dtype, shape, style, data, form, place }: Operand): string {
  const where = form === "nested" ? "" : ` in ${shownPlace(place)}`;
  const few = data.length <= 16 ? ` = ${[...(data as Float64Array)].join(", ")}` : "";
  return `${form} ${dtype} [${shape.join(", ")}], ${style}${where}${few}`;
}
