// Shapes with a dimension of 0 have no values, however large their other dimensions are: neither memory nor time may
// grow with these.
import {
  CategoricalHinge,
  gradient,
  Hinge,
  hinge,
  metrics,
  SquaredHinge,
  type TensorLike,
  tensor,
} from "maxmargin";
import { describe, expect, test } from "vitest";
import { scalarReductions } from "./support/losses.js";

const many = 2 ** 27;
const none = new Float32Array(0);

/** Returns the result of a call that takes less than a hundredth of the memory and time of one value per row. */
function small<T>(call: () => T): T {
  const before = process.memoryUsage();
  const start = process.cpuUsage();
  const result = call();
  const { user, system } = process.cpuUsage(start);
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  expect(arrayBuffers - before.arrayBuffers).toBeLessThan(many / 100);
  expect(heapUsed - before.heapUsed).toBeLessThan(many / 100);
  expect((user + system) / 1000).toBeLessThan(100);
  return result;
}

const forms: Readonly<Record<string, (shape: number[]) => TensorLike>> = {
  "a tensor": (shape) => tensor(none, shape),
  "a typed array in an object": (data) => ({ data: none, shape: data }),
  "a list in an object": (shape) => ({ data: [], shape }),
  "an object with strides": (shape) => ({ data: none, shape, stride: shape.map(() => 1) }),
};

describe.each(Object.entries(forms))("%s", (_, of) => {
  test.each(scalarReductions)("rows without values, reduced by %s", (reduction) => {
    for (const Loss of [Hinge, SquaredHinge]) {
      const loss = new Loss({ reduction });
      const batch = of([many, 0]);
      expect(small(() => loss.value(batch, batch))).toBeNaN();
      expect(small(() => loss.value(batch, batch, { sampleWeight: 2 }))).toBeNaN();
      expect(small(() => loss.value(batch, batch, { mask: [1] }))).toBeNaN();
      // A quotient with a divisor of 0 is 0.
      const weighted = small(() => loss.value(batch, batch, { sampleWeight: [0] }));
      expect(weighted).toEqual(reduction === "mean_with_sample_weight" ? 0 : NaN);
      const { value, gradient } = small(() => loss.valueAndGradient(batch, batch));
      expect([value, gradient.shape]).toEqual([NaN, [many, 0]]);
      expect(small(() => loss.gradient(batch, batch, { sampleWeight: 2 })).data).toHaveLength(0);
      // Repeated labels.
      expect(small(() => loss.value(of([1, 0]), batch))).toBeNaN();
    }
  });

  test.each(scalarReductions)("no rows, reduced by %s", (reduction) => {
    for (const shape of [
      [many, 0, 3],
      [0, many],
      [many, 0, many],
    ]) {
      const batch = of(shape);
      const loss = new Hinge({ reduction });
      expect(small(() => loss.value(batch, batch))).toBe(0);
      expect(small(() => loss.gradient(batch, batch)).data).toHaveLength(0);
    }
    const categorical = new CategoricalHinge({ reduction });
    expect(small(() => categorical.value(of([many, 0, 3]), of([many, 0, 3])))).toBe(0);
  });

  test("async calls", async () => {
    const batch = of([many, 0]);
    const before = process.memoryUsage().arrayBuffers;
    expect(await new Hinge().valueAsync(batch, batch)).toBeNaN();
    expect((await new Hinge().gradientAsync(batch, batch)).shape).toEqual([many, 0]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(many / 100);
  });

  test("metrics", () => {
    const state = (shape: number[], weighting = {}) =>
      small(() => {
        const metric = new metrics.Hinge();
        metric.updateState(of(shape), of(shape), weighting);
        return metric.getState();
      });
    expect(state([many, 0])).toEqual({ total: ["NaN"], count: [0, many] });
    expect(state([many, 0, 3])).toEqual({ total: ["NaN"], count: [0, many] });
    expect(state([many, 2, 0])).toEqual({ total: ["NaN"], count: [0, many] });
    expect(state([0, many])).toEqual({ total: [0], count: [0] });
    expect(state([many, 0], { sampleWeight: 2 })).toEqual({ total: ["NaN"], count: [0, 2] });
    expect(state([many, 0], { sampleWeight: [2] })).toEqual({
      total: ["NaN"],
      count: [0, 2 * many],
    });
    expect(state([many, 0], { mask: [0] })).toEqual({ total: ["NaN"], count: [0] });
    expect(state([many, 0, 3], { sampleWeight: [3] })).toEqual({
      total: ["NaN"],
      count: [0, 3 * many],
    });
    expect(() => state([many, 0], { sampleWeight: [1, 2] })).toThrow(
      `sampleWeight: expected a shape that broadcasts with the losses, [${many}], received [2]`,
    );
  });

  test("gradients of functions, and tensors", () => {
    const batch = of([many, 0]);
    expect(small(() => tensor(batch)).shape).toEqual([many, 0]);
    expect(small(() => gradient(hinge, of([0, many]), of([0, many]))).shape).toEqual([0, many]);
  });
});

test("small and large empty batches have the same losses", () => {
  for (const weighting of [
    {},
    { sampleWeight: 2 },
    { sampleWeight: [[2], [3]] },
    { mask: [1, 0] },
  ]) {
    const batch = tensor(none, [2, 0]);
    const metric = new metrics.Hinge();
    metric.updateState(batch, batch, weighting);
    expect(metric.result()).toBeNaN();
    for (const reduction of scalarReductions) {
      expect(new Hinge({ reduction }).value(batch, batch, weighting)).toBeNaN();
    }
  }
});

test("a mask of empty rows is read by its own strides, whatever those of the weights are", () => {
  const batch = tensor(none, [2, 0]);
  // Of the two rows only the second one is kept, and so the weights do not sum to 0.
  const weighting = { sampleWeight: [2], mask: [0, 1] };
  const loss = new Hinge({ reduction: "mean_with_sample_weight" });
  expect(loss.value(batch, batch, weighting)).toBeNaN();
  // And a mask that is repeated has fewer values than there are weights.
  const others = { sampleWeight: [0, 1], mask: [1] };
  expect(loss.value(batch, batch, others)).toBeNaN();
  const metric = new metrics.Hinge();
  metric.updateState(batch, batch, weighting);
  metric.updateState(batch, batch, others);
  expect(metric.count).toBe(3);
});
