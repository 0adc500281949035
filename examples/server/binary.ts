import { type Dtype, type Tensor, type TensorData, tensor } from "maxmargin";
import { type ArrayName, arrayNames, checkShapes } from "./batch.js";
import { checkLength, readInto } from "./body.js";
import { asOptions, checkNames, parse } from "./fields.js";
import type { Format } from "./formats.js";
import { badRequest } from "./refusal.js";

const arrays = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
} satisfies Record<Dtype, unknown>;

/** An array as the query describes it: `float32,1000,10`. */
interface Description {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly values: number;
  readonly bytes: number;
}

/** Reads a batch as arrays one after the other, which the query describes. */
export const readBinary: Format = (request, { query, length }, limits) => {
  checkNames(query.keys(), [...arrayNames, "options"]);
  const options = asOptions(parse(query.get("options") ?? "{}", "options"));
  const described = descriptionsIn(query);
  const bytes = described.reduce((sum, [, each]) => sum + each.bytes, 0);
  checkLength(bytes, limits.binaryBytes);
  if (length !== bytes) {
    throw badRequest(`body: expected the ${bytes} bytes of these arrays, received ${length}`);
  }
  return async () => {
    const tensors = described.map(([name, each]) => [name, allocate(each)] as const);
    await readInto(
      request,
      tensors.map(([, each]) => bytesOf(each)),
    );
    const { yTrue, yPred, sampleWeight = null } = Object.fromEntries(tensors);
    return { yTrue, yPred, sampleWeight, options };
  };
};

const allocate = ({ dtype, shape, values }: Description): Tensor =>
  tensor(new arrays[dtype](values) as TensorData, shape, dtype);

const bytesOf = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Returns the arrays that a query describes, in the order of the body. */
function descriptionsIn(query: URLSearchParams): [ArrayName, Description][] {
  const described = arrayNames.flatMap((name): [ArrayName, Description][] => {
    const text = query.get(name);
    return text === null ? [] : [[name, describe(text, name)]];
  });
  checkShapes(Object.fromEntries(described.map(([name, { shape }]) => [name, shape])));
  return described;
}

function describe(text: string, name: ArrayName): Description {
  const [dtype, ...dimensions] = text.split(",");
  if (!Object.hasOwn(arrays, dtype)) {
    const expected = Object.keys(arrays).join(", ");
    throw badRequest(`${name}: expected one of the dtypes ${expected}, received "${dtype}"`);
  }
  if (!dimensions.every((dimension) => /^\d{1,15}$/.test(dimension))) {
    throw badRequest(`${name}: expected a dtype and a shape, "float32,2,3", received "${text}"`);
  }
  const shape = dimensions.map(Number);
  const values = shape.reduce((product, dimension) => product * dimension, 1);
  const bytes = values * arrays[dtype as Dtype].BYTES_PER_ELEMENT;
  return { dtype: dtype as Dtype, shape, values, bytes };
}
