// How much of a batch a call off the event loop computes before it lets others run. What it has written tells.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Hinge, SquaredHinge, type Tensor, tensor } from "maxmargin";
import { afterEach, describe, expect, test, vi } from "vitest";
import { dataOf } from "./support/data.js";
import { forEachImplementation, implementations } from "./support/implementations.js";

// The package captures the method at load, so it is replaced before that.
const fill = vi.hoisted(() => vi.spyOn(Object.getPrototypeOf(Int8Array.prototype), "fill"));

const n = 500_000;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
/** No loss and no slope here. */
const unwritten = 7;

/** How many values each turn of the event loop wrote, from the first that wrote any. */
async function writtenByTurn(out: Float32Array, call: Promise<unknown>): Promise<number[]> {
  let isOver = false;
  const over = call.finally(() => {
    isOver = true;
  });
  const counts: number[] = [];
  for (let end = 0; !isOver; ) {
    await nextTurn();
    const start = end;
    while (end < n && out[end] !== unwritten) end++;
    if (end > 0) counts.push(end - start);
  }
  await over;
  return counts;
}

forEachImplementation((implementation) => {
  const first = implementation === "js" ? 8192 : 65_536;

  describe.each(["float32", "int64", "bfloat16"] as const)("%s labels", (dtype) => {
    const column = (data: Tensor["data"]) => tensor(data as Float32Array, [n, 1]);
    const yTrue = tensor(dataOf(dtype, new Uint8Array(n).fill(1)), [n, 1], dtype);
    const yPred = column(new Float32Array(n));
    const loss = new SquaredHinge({ reduction: "none" });

    test.each([
      ["losses", (out: Float32Array) => loss.callAsync(yTrue, yPred, { out })],
      ["a gradient", (out: Float32Array) => loss.gradientAsync(yTrue, yPred, { out })],
      [
        "a weighted gradient",
        (out: Float32Array) =>
          loss.gradientAsync(yTrue, yPred, {
            out,
            sampleWeight: column(new Float32Array(n).fill(2)),
          }),
      ],
    ])("%s: slices begin small, and grow four times at most", async (_, call) => {
      const out = new Float32Array(n).fill(unwritten);
      const counts = await writtenByTurn(out, call(out));
      const slices = counts.filter((count) => count > 0);
      expect(slices[0]).toBe(first);
      expect(slices.length).toBeGreaterThan(2);
      for (let i = 1; i < slices.length; i++) {
        expect(slices[i]).toBeLessThanOrEqual(4 * slices[i - 1]);
      }
      expect(out.indexOf(unwritten)).toBe(-1);
    });
  });

  describe("a gradient whose weights sum to 0", () => {
    const yTrue = tensor(new Int8Array(n).fill(1), [n, 1]);
    const yPred = tensor(new Float32Array(n), [n, 1]);
    const sampleWeight = tensor(new Int8Array(n), [n, 1]);
    const loss = new Hinge({ reduction: "mean_with_sample_weight" });
    const isZero = (data: Tensor["data"]) => (data as Float32Array).every((slope) => slope === 0);
    afterEach(() => void fill.mockClear());

    test("fills a given array slice by slice", async () => {
      const out = new Float32Array(n).fill(unwritten);
      const call = loss.valueAndGradientAsync(yTrue, yPred, { sampleWeight, out });
      const counts = await writtenByTurn(out, call);
      expect(counts[0]).toBe(first);
      expect(counts.length).toBeGreaterThan(2);
      const { value, gradient } = await call;
      expect(value).toBe(0);
      expect(gradient.data).toBe(out);
      expect(isZero(out)).toBe(true);
    });

    test("can be stopped in the middle", async () => {
      const out = new Float32Array(n).fill(unwritten);
      const controller = new AbortController();
      const { signal } = controller;
      const call = loss.gradientAsync(yTrue, yPred, { sampleWeight, out, signal });
      const outcome = call.catch((reason: unknown) => reason);
      while (out[0] === unwritten) await nextTurn();
      controller.abort("enough");
      expect(await outcome).toBe("enough");
      await nextTurn();
      expect(out[n - 1]).toBe(unwritten);
    });

    test("does not write to a new array", async () => {
      const later = await loss.valueAndGradientAsync(yTrue, yPred, { sampleWeight });
      const { value, gradient } = loss.valueAndGradient(yTrue, yPred, { sampleWeight });
      expect(fill).not.toHaveBeenCalled();
      expect([later.value, value]).toEqual([0, 0]);
      expect([isZero(later.gradient.data), isZero(gradient.data)]).toEqual([true, true]);
      expect(gradient.data).toHaveLength(n);
      const out = new Float32Array(n).fill(unwritten);
      fill.mockClear();
      loss.gradient(yTrue, yPred, { sampleWeight, out });
      expect(fill).toHaveBeenCalledOnce();
      expect(isZero(out)).toBe(true);
    });
  });
});

interface Longest {
  readonly name: string;
  /** Milliseconds of processor time, in which the engine also compiles and collects garbage. */
  readonly longest: number;
}

const onBusyMachines = { retry: 3, timeout: 120_000 };

test.each(implementations)("no slice takes long: %s", onBusyMachines, (implementation) => {
  const script = fileURLToPath(new URL("./support/slices.mjs", import.meta.url));
  const output = execFileSync(process.execPath, [script, implementation], { encoding: "utf8" });
  const answer = JSON.parse(output) as { readonly calls: Longest[]; readonly control: number };
  // What the measurement is able to see.
  expect(answer.control).toBeGreaterThan(20);
  expect(answer.calls.length).toBeGreaterThan(10);
  expect(answer.calls.filter(({ longest }) => longest > 20)).toEqual([]);
});

forEachImplementation(() => {
  test("a label that is neither 0 nor 1 in a later slice voids the derivatives that were added up", async () => {
    // One prediction for all labels: its derivatives are added up.
    const labels = Float32Array.from({ length: n }, (_, i) => i % 2);
    labels[n - 1000] = -1;
    const [yTrue, yPred] = [tensor(labels, [n, 1]), tensor(Float32Array.of(0.5), [1, 1])];
    const loss = new Hinge({ reduction: "sum" });
    const gradient = await loss.gradientAsync(yTrue, yPred);
    expect(gradient.data).toEqual(loss.gradient(yTrue, yPred).data);
    // 0 is no label for -1 here, and has no slope.
    expect(gradient.data[0]).toBe(1 - n / 2);
  });
});
