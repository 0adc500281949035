// Reads tensors of other libraries: objects that describe their own data.

import { described, oneOf, unreadable, wrongKind, wrongValue } from "../errors.js";
import { dtypesNamed, isSwapped, looksLikeDtype, saysNothing } from "./dtype-names.js";
import { codes, type Dtype } from "./dtypes.js";
import { type Held, held } from "./held.js";
import { fromCounted, fromNested, isCounted } from "./nested.js";
import { dataOfNumbers } from "./numbers.js";
import { remedyFor } from "./remedies.js";
import { rowMajorOf } from "./row-major.js";
import { readShape } from "./shapes.js";
import { asked, placed, readLayout, type StatedLayout } from "./strides.js";
import { checkLength, RowTensor } from "./tensor.js";

type Described = Readonly<Record<string, unknown>>;

/** The description of its data that an object provides. */
interface Claims {
  readonly shape: readonly number[];
  /** The name of the dtype; undefined if the object states none. */
  readonly dtype: unknown;
  /** Undefined for row-major values that fill the data. */
  readonly layout: StatedLayout | undefined;
}

/**
 * Reads an object that has data and a shape, and reads every property once. Returns undefined for
 * other objects.
 *
 * @param path - the prefix of its property names in messages.
 */
export function fromObject(value: object, path: string): RowTensor | undefined {
  if (!("data" in value) || !("shape" in value || "dims" in value)) return undefined;
  const object = value as Described;
  const { data } = object;
  if (typeof data === "function") return undefined;
  const dtype = nameOfDtype(object);
  const key = "shape" in value ? "shape" : "dims";
  const shape = readShape(asked(object, key), `${path}${key}`);
  const claims = { shape, dtype, layout: readLayout(object, shape, path) };
  const tensor = Array.isArray(data)
    ? fromList(fromNested(data, `${path}data`), claims, path)
    : fromTyped(data, claims, path);
  checkLength(tensor, `${path}data`);
  return tensor;
}

/**
 * Returns the name of the dtype: from `dtype`, a string or an object with a name, or from a property
 * that can mean something else, if its value looks like one.
 */
function nameOfDtype({ dtype, type, dataType, datatype }: Described): unknown {
  const others = [type, dataType, datatype];
  const name = dtype ?? others.find((other) => typeof other === "string" && looksLikeDtype(other));
  if (typeof name === "string") return saysNothing(name) ? undefined : name;
  if (typeof name !== "object" && typeof name !== "function") return name;
  const own = name as { readonly name?: unknown; readonly value?: unknown };
  return [own.name, own.value].find((each) => typeof each === "string") ?? name;
}

function fromTyped(data: unknown, { shape, dtype, layout }: Claims, path: string): RowTensor {
  const own = held(data, `${path}data`);
  if (own === undefined && isCounted(data)) {
    const list = fromCounted(data, `${path}data`);
    return fromList(list, { shape, dtype, layout }, path);
  }
  if (own === undefined) {
    const remedy = remedyFor(data, "expected a typed array or an array of numbers");
    throw unreadable(`${path}data`, described(data), remedy);
  }
  const isSaid = dtype !== undefined;
  const known = isSaid ? dtypeOf(own, dtype, path) : (own.dtypes[0] as Dtype);
  const source = isSaid ? "declared" : "array";
  if (layout === undefined) return new RowTensor(own.data, shape, known, source);
  const values = placed(own.data, shape, layout, path);
  return new RowTensor(values.data, shape, known, source, values.layout);
}

function dtypeOf(own: Held, name: unknown, path: string): Dtype {
  // File readers return float16 and bfloat16 as float32, under the name in the file.
  const [first] = own.dtypes;
  const isDecoded =
    (first === "float32" || first === "float64") &&
    namesOf(name).some((dtype) => dtype === "float16" || dtype === "bfloat16");
  return isDecoded ? first : fittingDtype(own, name, path);
}

const namesOf = (name: unknown) => (typeof name === "string" ? dtypesNamed(name) : []);

/** Returns the dtype of that name, if an array can have it. */
export function fittingDtype({ data, dtypes }: Held, name: unknown, path: string): Dtype {
  if (typeof name === "string" && isSwapped(name)) {
    const remedy = "swap the bytes, with swap16, swap32 or swap64 of a Buffer, and write";
    throw unreadable(`${path}dtype`, described(name), `${remedy} "${name.slice(1)}"`);
  }
  const known = dtypes.find((dtype) => namesOf(name).includes(dtype));
  if (known !== undefined) return known;
  throw wrongValue(`${path}dtype`, `${oneOf(dtypes)} for ${described(data)}`, described(name));
}

/** Reads JavaScript numbers: one list, or lists nested like the shape. */
function fromList(nested: RowTensor, { shape, dtype, layout }: Claims, path: string): RowTensor {
  const isFlat = nested.shape.length === 1;
  if (!isFlat && `${nested.shape}` !== `${shape}`) {
    const [expected, received] = [shape, nested.shape].map((each) => `[${each.join(", ")}]`);
    throw wrongValue(`${path}data`, `arrays of shape ${expected}`, `shape ${received}`);
  }
  if (!isFlat && layout !== undefined) {
    throw wrongKind(`${path}data`, "one list of numbers beside strides", "nested arrays");
  }
  // The rows are typed arrays.
  if (nested.source === "array") {
    return fromTyped(nested.data, { shape, dtype, layout: undefined }, path);
  }
  const values = layout === undefined ? nested : placed(nested.data, shape, layout, path);
  const list = new RowTensor(values.data, shape, nested.dtype, "list", values.layout);
  const tensor = rowMajorOf(list, `${path}data`);
  return dtype === undefined ? tensor : withDtype(tensor, dtype, path);
}

/** Returns JavaScript numbers in the dtype of that name. An ambiguous name is ignored. */
export function withDtype(numbers: RowTensor, name: unknown, path: string): RowTensor {
  const [known, another] = namesOf(name);
  if (another !== undefined) return numbers;
  if (known === undefined) {
    throw wrongValue(`${path}dtype`, oneOf(Object.keys(codes)), described(name));
  }
  const data = dataOfNumbers(known, numbers.data as Float64Array, `${path}data`);
  return new RowTensor(data, numbers.shape, known);
}
