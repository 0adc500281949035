// Batches that several threads share: calls that follow each other keep helpers awake, and long ones take
// more helpers than there are processors. Whoever helps, the bits are those of one thread.
import { availableParallelism } from "node:os";
import { CategoricalHinge, Hinge, setBackend, setNumThreads, tensor } from "maxmargin";
import { afterAll, describe, expect, test } from "vitest";
import { filled, generator, integerBelow, randomPredictions, repeated } from "./support/data.js";
import { force, implementations } from "./support/implementations.js";

const random = generator(17);
const scores = randomPredictions(8191, random);
const signs = filled(new Int8Array(8191), () => (random() < 0.5 ? -1 : 1));

function batchOf(rows: number, width: number) {
  const shape = [rows, width];
  return {
    ids: tensor(
      filled(new Uint8Array(rows), () => integerBelow(width, random)),
      [rows],
    ),
    signs: tensor(Int8Array.from(repeated(signs, rows * width)), shape),
    scores: tensor(repeated(scores, rows * width), shape),
  };
}

const hinge = new Hinge({ dtype: "float32" });
const sparse = new CategoricalHinge({ dtype: "float32", labels: "sparse" });

/** What is computed of a batch: numbers, and the bytes of arrays. */
function answersOf({ ids, signs, scores }: ReturnType<typeof batchOf>) {
  const bytesOf = ({ data }: { data: ArrayLike<number> }) =>
    Buffer.from((data as Float32Array).buffer);
  return {
    numbers: [hinge.value(signs, scores), sparse.value(ids, scores)],
    arrays: [hinge.gradient(signs, scores), sparse.gradient(ids, scores)].map(bytesOf),
  };
}

/** Whether some answers have the bits of others. */
const areSame = (answers: ReturnType<typeof answersOf>, expected: typeof answers) =>
  answers.numbers.every((value, i) => Object.is(value, expected.numbers[i])) &&
  answers.arrays.every((bytes, i) => bytes.equals(expected.arrays[i] as Buffer));

afterAll(() => {
  setBackend("auto");
  setNumThreads(availableParallelism());
});

const kernels = implementations.filter((name) => name !== "js" && name !== "wasm");

describe.each(kernels)("%s", (kernel) => {
  test.each([
    ["hundreds of calls that follow each other", 10_000, 10, 200],
    ["a few calls that take milliseconds", 800_000, 10, 3],
  ])("%s", (_, rows, width, calls) => {
    const batch = batchOf(rows, width);
    force(kernel);
    setNumThreads(1);
    const expected = answersOf(batch);
    for (const threads of [2, 3, 7]) {
      setNumThreads(threads);
      const wrong = Array.from({ length: calls }, () => areSame(answersOf(batch), expected));
      expect(wrong.indexOf(false), `${threads} threads`).toBe(-1);
    }
  });
});
