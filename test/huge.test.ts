// A batch of more values than 32 bits count, or of just as many where the engine's arrays end there, as Node 20's do. Zeros
// that were never written take no memory on Linux, but an operating system may want to have it all the same.
import { freemem } from "node:os";
import { backend, CategoricalHinge, Hinge, type Tensor, tensor } from "maxmargin";
import { expect, test } from "vitest";

const width = 2 ** 16;

function zeros<A>(Kind: new (n: number) => A): A {
  try {
    return new Kind(2 ** 32 + width);
  } catch {
    return new Kind(2 ** 32);
  }
}

test("batches of 2 ** 32 values and more", { timeout: 300_000 }, async ({ skip }) => {
  skip(freemem() < 2 ** 34, "needs 16 GB of free memory");
  skip(backend().name === "js", "takes minutes in JavaScript");
  const labels = zeros(Int8Array);
  // Whose places are more than 2 ** 32 bytes apart.
  const predictions = zeros(Int16Array);
  const n = predictions.length;
  expect(n).toBeGreaterThanOrEqual(2 ** 32);
  // Of the row before the last, and the last: all others have the margin 1.
  predictions[n - width - 1] = -3;
  predictions[n - 1] = 5;
  const shape = [n / width, width];
  const yTrue = tensor(labels, shape);
  const yPred = tensor(predictions, shape);

  const expectLosses = ({ data }: Tensor, last: readonly number[]) => {
    expect(data).toHaveLength(n / width);
    expect([...data.slice(-2)]).toEqual(last);
    expect((data as Float32Array).slice(0, -2).every((loss) => loss === 1)).toBe(true);
  };
  const lastOfHinge = [1 - 1 / width, 1 + 5 / width];
  expectLosses(new Hinge().call(yTrue, yPred), lastOfHinge);
  expectLosses(new CategoricalHinge().call(yTrue, yPred), [1, 6]);

  const loss = new Hinge({ reduction: "sum", dtype: "float64" });
  const sum = (n - 1 + 5) / width;
  expect(loss.value(yTrue, yPred)).toBe(sum);
  expect(await loss.valueAsync(yTrue, yPred)).toBe(sum);
  const moved = await new Hinge().callAsync(yTrue, yPred, { transfer: true });
  expectLosses(moved.value, lastOfHinge);
  expect(moved.yPred.data.at(-1)).toBe(5);
});
