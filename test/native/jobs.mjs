// Calls in the background, many at once, which all have to give what the synchronous ones do. scripts/sanitize.mjs runs it.
import assert from "node:assert";
import { CategoricalHinge, Hinge, setNumThreads, tensor } from "maxmargin";

setNumThreads(3);
const width = 10;
const rows = 20_000;

function shared(Kind, n, value) {
  const array = new Kind(new SharedArrayBuffer(n * Kind.BYTES_PER_ELEMENT));
  for (let i = 0; i < n; i++) array[i] = value(i);
  return array;
}

const labels = shared(Int8Array, rows * width, (i) => i % 2);
const predictions = shared(Float32Array, rows * width, (i) => (i % 7) / 2 - 1);
const sampleWeight = shared(Float32Array, rows, (i) => i % 3);
const shape = [rows, width];

async function check(loss, weighting) {
  const args = [tensor(labels, shape), tensor(predictions, shape), weighting];
  const { value, gradient } = await loss.valueAndGradientAsync(...args);
  const expected = loss.valueAndGradient(...args);
  assert.deepStrictEqual(value, expected.value);
  assert.deepStrictEqual(gradient.data, expected.gradient.data);
  assert.deepStrictEqual(await loss.valueAsync(...args), loss.value(...args));
  const copies = [tensor(labels.slice(), shape), tensor(predictions.slice(), shape)];
  const moved = await loss.valueAsync(...copies, {
    ...(weighting.sampleWeight && { sampleWeight: sampleWeight.slice() }),
    transfer: true,
  });
  assert.deepStrictEqual(moved.value, expected.value);
}

for (let round = 0; round < 10; round++) {
  await Promise.all(
    [Hinge, CategoricalHinge].flatMap((Loss) =>
      ["sum", null].flatMap((reduction) =>
        [{}, { sampleWeight }].map((weighting) => check(new Loss({ reduction }), weighting)),
      ),
    ),
  );
}
