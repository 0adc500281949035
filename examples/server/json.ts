import { type Nested, type Tensor, tensor } from "maxmargin";
import { type ArrayName, arrayNames, type Batch, checkShapes } from "./batch.js";
import { checkLength, readInto } from "./body.js";
import { asObject, asOptions, checkNames, type Fields, parse } from "./fields.js";
import type { Format } from "./formats.js";
import { badRequest, refusalOf } from "./refusal.js";

/** Reads a batch as JSON: `{ yTrue, yPred, sampleWeight, options }`, the last two if wanted. */
export const readJson: Format = (request, { query, length }, limits) => {
  checkNames(query.keys(), []);
  checkLength(length, limits.jsonBytes);
  return async () => {
    const bytes = new Uint8Array(length);
    await readInto(request, [bytes]);
    const body = asObject(parse(new TextDecoder().decode(bytes), "body"), "body");
    checkNames(Object.keys(body), [...arrayNames, "options"]);
    return batchOf(body);
  };
};

function batchOf(body: Fields): Batch {
  const { options = {}, ...arrays } = body;
  const tensors = arrayNames.flatMap((name) =>
    arrays[name] === undefined ? [] : [[name, tensorOf(arrays[name], name)] as const],
  );
  checkShapes(Object.fromEntries(tensors.map(([name, { shape }]) => [name, shape])));
  const { yTrue, yPred, sampleWeight = null } = Object.fromEntries(tensors);
  return { yTrue, yPred, sampleWeight, options: asOptions(options) };
}

/** JSON's numbers are doubles: as float64 they are rounded once, by the loss. */
function tensorOf(value: unknown, name: ArrayName): Tensor {
  if (!Array.isArray(value)) throw badRequest(`${name}: expected an array`);
  try {
    return tensor(value as Nested[], undefined, "float64");
  } catch (error) {
    // The library calls its argument data.
    if (error instanceof Error) error.message = error.message.replace(/^data/, name);
    throw refusalOf(error);
  }
}
