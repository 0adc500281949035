// Losses, rows, gradients and metrics of fixed data, as the hexadecimal digits of their bytes. This runs wherever the library
// does, and uses nothing of Node's: two runtimes compute the same bits if these answers are equal.

const rows = 97;
const classes = 13;
const shape = [rows, classes];
const values = rows * classes;

/** Returns a function that returns numbers from 0 to 1, the same ones in every engine. */
function sequence(seed) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Returns the numbers that are to be evaluated. */
function inputs() {
  const next = sequence(1);
  const predictions = Float32Array.from({ length: values }, () => 4 * next() - 2);
  return {
    predictions,
    doubles: Float64Array.from({ length: values }, () => 4 * next() - 2),
    // The upper halves of float32 numbers.
    bfloat16: Uint16Array.from(new Uint32Array(predictions.buffer), (bits) => bits >>> 16),
    binary: Int8Array.from({ length: values }, () => Math.round(next())),
    signed: Float32Array.from({ length: values }, () => (next() < 0.5 ? -1 : 1)),
    ids: Int32Array.from({ length: rows }, () => Math.floor(classes * next())),
    weights: Float32Array.from({ length: rows }, next),
    mask: Uint8Array.from({ length: rows }, () => (next() < 0.8 ? 1 : 0)),
    classWeight: Array.from({ length: classes }, next),
  };
}

/** Returns a batch that async calls compute in several slices. */
function largeBatch(tensor) {
  const length = 200_000;
  const next = sequence(2);
  const labels = Int8Array.from({ length }, () => Math.round(next()));
  const predictions = Float32Array.from({ length }, () => 4 * next() - 2);
  return [labels, predictions].map((data) => tensor(data, [length / 10, 10]));
}

function digits(array) {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const digitsOf = (result) =>
  typeof result === "number"
    ? digits(Float64Array.of(result))
    : `${result.dtype} [${result.shape}] ${digits(result.data)}`;

/** Returns what calls of the library return, by a description of the call. */
function immediate(library) {
  const { Hinge, SquaredHinge, CategoricalHinge, CrammerSinger, ModifiedHuber } = library;
  const { hinge, categoricalHinge, oneHot, tensor, valueAndGradient, westonWatkins } = library;
  const given = inputs();
  const predictions = tensor(given.predictions, shape);
  const doubles = tensor(given.doubles, shape);
  const bfloat16 = tensor(given.bfloat16, shape, "bfloat16");
  const binary = tensor(given.binary, shape);
  const signed = tensor(given.signed, shape);
  const longs = BigInt64Array.from(given.ids, BigInt);
  const weighted = { sampleWeight: given.weights, mask: tensor(given.mask, [rows], "bool") };
  const squared = new SquaredHinge({ dtype: "float64" });
  const classWeighted = new CrammerSinger({ classWeight: given.classWeight });
  const columns = { data: given.predictions, shape, strides: [1, rows] };
  return {
    "hinge of int8 labels": new Hinge().value(binary, predictions),
    "hinge of ten values": new Hinge().value(
      given.binary.subarray(0, 10),
      given.predictions.subarray(0, 10),
    ),
    "hinge, rows": hinge(signed, predictions),
    "hinge, rows of a strided tensor": hinge(binary, columns),
    "hinge of class ids, the sum": new Hinge({ labels: "sparse", reduction: "sum" }).value(
      given.ids,
      predictions,
    ),
    "hinge, the gradient of broadcast labels": new Hinge().gradient([[1]], predictions),
    "squared hinge in float64 with weights and a mask": squared.value(signed, doubles, weighted),
    "squared hinge in float64, the gradient": squared.gradient(signed, doubles, weighted),
    "categorical hinge, rows of bfloat16": categoricalHinge(binary, bfloat16),
    "categorical hinge of one-hot labels": new CategoricalHinge().value(
      oneHot(given.ids, classes),
      doubles,
    ),
    "Crammer-Singer with class weights": classWeighted.value(longs, predictions),
    "Crammer-Singer with class weights, the gradient": classWeighted.gradient(longs, predictions),
    "Weston-Watkins, rows": westonWatkins(given.ids, predictions, { power: 2 }),
    "modified Huber": new ModifiedHuber({ labels: "binary" }).value(binary, predictions),
    "a function's gradient": valueAndGradient(hinge, binary, doubles).gradient,
    ...metricsOf(library, { binary, predictions, ids: given.ids, weights: given.weights }),
  };
}

function metricsOf({ metrics }, { binary, predictions, ids, weights }) {
  const categorical = new metrics.CategoricalHinge();
  categorical.updateState(binary, predictions);
  categorical.updateState(binary, predictions, { sampleWeight: weights });
  const sparse = new metrics.CrammerSinger();
  sparse.updateState(ids, predictions);
  return {
    "a metric of two batches": categorical.result(),
    "a metric of class ids": sparse.result(),
  };
}

async function later({ Hinge, CategoricalHinge, tensor }) {
  const batch = largeBatch(tensor);
  const hinge = new Hinge();
  const moved = await hinge.valueAsync(...largeBatch(tensor), { transfer: true });
  return {
    "a large batch at once": hinge.value(...batch),
    "a large batch, async": await hinge.valueAsync(...batch),
    "a large batch, async and moved": moved.value,
    "a large batch of categorical hinge, async": await new CategoricalHinge().valueAsync(...batch),
    "rows, async": await new Hinge({ reduction: "none" }).callAsync(...batch),
  };
}

/**
 * Returns the backend that computed, and the digits of each result.
 *
 * @param {typeof import("maxmargin")} library
 */
export async function answers(library) {
  const results = { ...immediate(library), ...(await later(library)) };
  const bits = Object.fromEntries(
    Object.entries(results).map(([call, result]) => [call, digitsOf(result)]),
  );
  return { backend: library.backend(), bits };
}
