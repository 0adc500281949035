import { inspect } from "node:util";
import { Hinge, metrics, tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { classes, lossNames } from "./support/losses.js";
import { expectSame } from "./support/same.js";

const yTrue = tensor(Int8Array.of(1, -1, 1, 1), [2, 2]);
const yPred = tensor(Float32Array.of(0.1, 0.2, 0.3, -0.4), [2, 2]);

const properties = { name: "other", reduction: "sum", dtype: "float64" } as const;

describe.each(lossNames)("%s", (name) => {
  test.each(Object.entries(properties))("%s cannot be assigned", (key, value) => {
    const loss = new classes[name]();
    const before = loss.valueAndGradient(yTrue, yPred);
    expect(() => Object.assign(loss, { [key]: value })).toThrow(TypeError);
    expect(loss.toJSON()).toEqual({ name, reduction: "sum_over_batch_size", dtype: "float32" });
    expectSame(loss.gradient(yTrue, yPred), before.gradient);
  });

  test("value, call and gradients agree whatever is defined on the object", async () => {
    const loss = new classes[name]();
    const { value, gradient } = loss.valueAndGradient(yTrue, yPred);
    Object.defineProperty(loss, "dtype", { value: "float64" });
    expect(loss.value(yTrue, yPred)).toBe(value);
    expect(await loss.valueAsync(yTrue, yPred)).toBe(value);
    expectSame(loss.gradient(yTrue, yPred), gradient);
    expectSame(await loss.gradientAsync(yTrue, yPred), gradient);
    expect(loss.call(yTrue, yPred).dtype).toBe("float32");
    expect((await loss.callAsync(yTrue, yPred)).dtype).toBe("float32");
  });
});

test.each(["name", "dtype", "total", "count"])("%s of a metric cannot be assigned", (key) => {
  const metric = new metrics.Hinge();
  metric.updateState(yTrue, yPred);
  const before = metric.getState();
  expect(() => Object.assign(metric, { [key]: 3 })).toThrow(TypeError);
  expect(metric.getState()).toEqual(before);
  expect(metric.getConfig()).toEqual({ name: "hinge", dtype: "float32" });
});

describe("derived classes", () => {
  class Scaled extends Hinge<"sum"> {
    readonly scale = 2;

    constructor() {
      super({ reduction: "sum", name: "scaled" });
    }

    override value(...args: Parameters<Hinge<"sum">["value"]>): number {
      return this.scale * super.value(...args);
    }

    override getConfig() {
      return { ...super.getConfig(), scale: this.scale };
    }
  }

  test("compute, and have properties of their own", () => {
    const loss = new Scaled();
    expect(loss.value(yTrue, yPred)).toBe(2 * new Hinge({ reduction: "sum" }).value(yTrue, yPred));
    expect(loss.getConfig()).toEqual({ name: "scaled", reduction: "sum", scale: 2 });
    expect(() => Object.assign(loss, { dtype: "float64" })).toThrow(TypeError);
    expect(inspect(loss, { breakLength: 200 })).toBe(
      "Scaled { name: 'scaled', reduction: 'sum', dtype: 'float32', scale: 2 }",
    );
  });

  test("can have a name of their own", () => {
    class Named extends metrics.Hinge {
      override get name() {
        return "named";
      }
    }
    expect(new Named().getConfig().name).toBe("named");
  });
});

test("console.log and JSON show the properties of losses and metrics", () => {
  const loss = new Hinge({ reduction: null, dtype: "float16" });
  expect(inspect(loss)).toBe("Hinge { name: 'hinge', reduction: null, dtype: 'float16' }");
  expect(inspect({ deep: { deeper: { loss } } }, { depth: 1 })).toContain("[Object]");
  expect(inspect({ deep: { loss } }, { depth: 1 })).toBe("{ deep: { loss: [Hinge] } }");
  expect(JSON.stringify(loss)).toBe('{"name":"hinge","reduction":null,"dtype":"float16"}');
  const metric = new metrics.Hinge();
  metric.updateState([[1, 1]], [[0, 0]]);
  expect(inspect(metric)).toBe("Hinge { name: 'hinge', dtype: 'float32', total: 1, count: 1 }");
  expect(JSON.stringify(metric)).toBe('{"name":"hinge","dtype":"float32"}');
});
