// The options of formulas: invalid ones, configs, and metrics that merge.

import { inspect } from "node:util";
import {
  CrammerSinger,
  callAsync,
  crammerSinger,
  deserialize,
  get,
  gradient,
  Hinge,
  metrics,
  serialize,
  tensor,
  WestonWatkins,
  westonWatkins,
} from "maxmargin";
import { describe, expect, test } from "vitest";
import { writtenEncoding } from "./support/class-labels.js";
import {
  type AnyLossName,
  allLossNames,
  classes,
  functions,
  makeLoss,
  makeMetric,
  metricClasses,
  parametersOf,
} from "./support/losses.js";

const yPred = tensor(Float32Array.of(0.5, 1, -0.5, 0.25, 0, 2), [2, 3]);
const ids = Int8Array.of(1, 0);

/** Everything that accepts the options of a formula. */
const entriesOf = (loss: AnyLossName): readonly ((options: object) => unknown)[] => [
  (options) => makeLoss(loss, options),
  (options) => classes[loss].fromConfig(options),
  (options) => makeMetric(loss, options),
  (options) => metricClasses[loss].fromConfig(options),
  (options) => functions[loss](ids, yPred, { labels: "sparse", ...options } as object),
  (options) => gradient(functions[loss], ids, yPred, { labels: "sparse", ...options } as object),
];

async function expectError(loss: AnyLossName, options: object, error: Error): Promise<void> {
  for (const entry of entriesOf(loss)) expect(() => entry(options)).toThrow(error);
  const later = callAsync(functions[loss], ids, yPred, { labels: "sparse", ...options } as object);
  await expect(later).rejects.toThrow(error);
}

describe.each(allLossNames)("options of %s", (loss) => {
  if (parametersOf[loss].includes("margin")) {
    test.each([
      [-1, RangeError, "a finite number from 0, received -1"],
      [-1e-300, RangeError, "a finite number from 0, received -1e-300"],
      [Number.NaN, RangeError, "a finite number from 0, received NaN"],
      [Infinity, RangeError, "a finite number from 0, received Infinity"],
      ["1", TypeError, 'a number, received "1"'],
      [1n, TypeError, "a number, received 1n"],
      [null, TypeError, "a number, received null"],
      [[1], TypeError, "a number, received an array of length 1"],
    ])("margin %o", async (margin, Kind, message) => {
      await expectError(loss, { margin }, new Kind(`margin: expected ${message}`));
    });
  }

  if (parametersOf[loss].includes("power")) {
    test.each([
      [3, RangeError, "1 or 2, received 3"],
      [0, RangeError, "1 or 2, received 0"],
      [1.5, RangeError, "1 or 2, received 1.5"],
      [Number.NaN, RangeError, "1 or 2, received NaN"],
      ["2", TypeError, '1 or 2, received "2"'],
      [true, TypeError, "1 or 2, received true"],
    ])("power %o", async (power, Kind, message) => {
      await expectError(loss, { power }, new Kind(`power: expected ${message}`));
    });
  }

  test("parameters that the loss does not have are unknown keys", async () => {
    for (const name of ["margin", "power"] as const) {
      if (parametersOf[loss].includes(name)) continue;
      for (const entry of entriesOf(loss)) {
        expect(() => entry({ [name]: 1 })).toThrow(TypeError);
        expect(() => entry({ [name]: 1 })).toThrow(`: unknown key "${name}"; `);
      }
    }
  });

  test("labels", async () => {
    const known = {
      signed: '"auto", "signed", "binary" or "sparse"',
      hot: '"onehot" or "sparse"',
      classes: '"sparse" or "onehot"',
    }[
      writtenEncoding(loss) === "signed"
        ? "signed"
        : loss === "categorical_hinge"
          ? "hot"
          : "classes"
    ];
    const foreign = writtenEncoding(loss) === "signed" ? "onehot" : "binary";
    for (const labels of ["one-hot", "", "Sparse", foreign]) {
      const message = `labels: expected ${known}, received ${JSON.stringify(labels)}`;
      await expectError(loss, { labels }, new RangeError(message));
    }
    for (const labels of [1, true, ["sparse"], null]) {
      for (const entry of entriesOf(loss)) {
        expect(() => entry({ labels })).toThrow(TypeError);
        expect(() => entry({ labels })).toThrow(`labels: expected ${known}, received `);
      }
    }
  });

  test("classWeight", async () => {
    const expected = "classWeight: expected one number per class in a list or typed array";
    for (const classWeight of [{ 0: 1 }, {}, { a: 1, b: 2 }]) {
      await expectError(
        loss,
        { classWeight },
        new TypeError(`${expected}, such as [1, 2.5], received an object`),
      );
    }
    for (const [classWeight, shape] of [
      [1, "[]"],
      [[[1, 2, 3]], "[1, 3]"],
      [tensor([1, 2, 3], [3, 1]), "[3, 1]"],
    ]) {
      await expectError(
        loss,
        { classWeight },
        new RangeError(`${expected}, received shape ${shape}`),
      );
    }
    for (const classWeight of ["1, 2", [1, "2"], new Map([[0, 1]])]) {
      for (const entry of entriesOf(loss)) {
        expect(() => entry({ classWeight })).toThrow(TypeError);
        expect(() => entry({ classWeight })).toThrow(/^classWeight/);
      }
    }
  });

  test("a classWeight of another length", () => {
    for (const classWeight of [[], [1, 2], [1, 2, 3, 4]]) {
      const own = makeLoss(loss, { labels: "sparse", classWeight });
      const message = `classWeight: expected 3 numbers, one for each class, received ${classWeight.length}`;
      expect(() => own.value(ids, yPred)).toThrow(new RangeError(message));
      expect(() => own.gradient(ids, yPred)).toThrow(new RangeError(message));
      const metric = makeMetric(loss, { labels: "sparse", classWeight });
      expect(() => metric.updateState(ids, yPred)).toThrow(new RangeError(message));
      expect(metric.count).toBe(0);
    }
  });

  test("ignoreClass", async () => {
    for (const [ignoreClass, received] of [
      ["a", '"a"'],
      ["1", '"1"'],
      [1n, "1n"],
      [true, "true"],
      [[1], "an array of length 1"],
    ]) {
      await expectError(
        loss,
        { ignoreClass },
        new TypeError(`ignoreClass: expected a number, received ${received}`),
      );
    }
    const error = new RangeError("ignoreClass: expected a label, received NaN");
    await expectError(loss, { ignoreClass: Number.NaN }, error);
  });

  test("several labels a row have neither a class nor are ignored as one", () => {
    if (writtenEncoding(loss) === "onehot") {
      const own = makeLoss(loss, { labels: "onehot", ignoreClass: 0 });
      expect(() =>
        own.value(
          [
            [0, 1, 0],
            [1, 0, 0],
          ],
          yPred,
        ),
      ).toThrow(
        new RangeError(
          "ignoreClass: expected one label for each row; to leave out rows of other labels pass a mask, received labels of shape [2, 3]",
        ),
      );
      return;
    }
    for (const labels of ["auto", "signed", "binary"]) {
      const values = [
        [0, 1, 0],
        [1, 0, 0],
      ];
      const ignoring = makeLoss(loss, { labels, ignoreClass: 0 });
      expect(() => ignoring.value(values, yPred)).toThrow(/^ignoreClass: .* pass a mask, received/);
      expect(() => ignoring.value(values, yPred)).toThrow(RangeError);
      const weighed = makeLoss(loss, { labels, classWeight: [1, 2] });
      expect(() => weighed.value(values, yPred)).toThrow(
        new RangeError(
          'classWeight: expected one class for each row: class ids with labels "sparse", or one label, received labels of shape [2, 3]',
        ),
      );
    }
  });

  test("null and undefined are no option", () => {
    const plain = makeLoss(loss, { labels: "sparse" });
    const own = makeLoss(loss, {
      ...{ labels: "sparse", classWeight: null, ignoreClass: null },
      ...Object.fromEntries(parametersOf[loss].map((name) => [name, undefined])),
    });
    expect(own.value(ids, yPred)).toBe(plain.value(ids, yPred));
    expect(own.getConfig()).toEqual(plain.getConfig());
  });
});

/** Options that are not the default, and their defaults. */
const optionsOf = (loss: AnyLossName) => {
  const parameters = Object.fromEntries(
    parametersOf[loss].map((name) => [name, { margin: 0.1, power: 2 }[name]]),
  );
  const labels = { crammer_singer: "onehot", weston_watkins: "onehot" }[loss as string] ?? "sparse";
  return { ...parameters, labels, classWeight: [1, 0.1, 3], ignoreClass: -1 };
};

const defaultsOf = (loss: AnyLossName) => {
  const labels = {
    categorical_hinge: "onehot",
    crammer_singer: "sparse",
    weston_watkins: "sparse",
  };
  return {
    ...Object.fromEntries(parametersOf[loss].map((name) => [name, 1])),
    labels: labels[loss as keyof typeof labels] ?? "auto",
    classWeight: null,
    ignoreClass: null,
  };
};

describe.each(allLossNames)("configs of %s", (loss) => {
  const kinds = [
    ["the loss", makeLoss, classes[loss], serialize, deserialize],
    ["the metric", makeMetric, metricClasses[loss], metrics.serialize, metrics.deserialize],
  ] as const;

  test.each(kinds)("%s has the options that are not the default", (_, make, Class) => {
    const plain = make(loss, {}).getConfig();
    const names = Class === classes[loss] ? ["name", "reduction"] : ["name", "dtype"];
    expect(Object.keys(plain)).toEqual(names);
    expect(make(loss, defaultsOf(loss)).getConfig()).toEqual(plain);
    const options = optionsOf(loss);
    expect(make(loss, options).getConfig()).toEqual({ ...plain, ...options });
    for (const [name, value] of Object.entries(options)) {
      expect(make(loss, { [name]: value }).getConfig()).toEqual({ ...plain, [name]: value });
    }
    expect(make(loss, options).toJSON()).toMatchObject(options);
    expect(inspect(make(loss, options))).toMatch(/ignoreClass: -1/);
    expect(inspect(make(loss, {}))).not.toMatch(/margin|labels|classWeight|ignoreClass/);
  });

  test.each(kinds)("%s comes back from its config, and from JSON", (_, make, Class, save, load) => {
    const options = { ...optionsOf(loss), name: "mine", dtype: "float64" };
    const own = make(loss, options);
    const config = own.getConfig();
    expect((Class as typeof Hinge).fromConfig(config as object).getConfig()).toEqual(config);
    const saved = save(own as never);
    expect(saved.class_name).toBe(Class.name);
    const loaded = load(JSON.parse(JSON.stringify(saved))) as typeof own;
    expect(loaded).toBeInstanceOf(Class);
    expect(loaded.getConfig()).toEqual(config);
  });

  test("classWeight is copied, from any array", () => {
    const classWeight = Float32Array.of(1, 0.1, 3);
    const own = makeLoss(loss, { labels: "sparse", classWeight });
    const before = own.value(ids, yPred);
    classWeight.fill(100);
    expect(own.value(ids, yPred)).toBe(before);
    expect(own.getConfig().classWeight).toEqual([1, Math.fround(0.1), 3]);
    expect(Object.isFrozen(own.getConfig().classWeight)).toBe(true);
    expect(makeLoss(loss, { classWeight: [1, true, 2n] as never }).getConfig().classWeight).toEqual(
      [1, 1, 2],
    );
  });

  test("metrics merge those with the same options", () => {
    const own = makeMetric(loss, { ...optionsOf(loss), name: "a" });
    own.merge(makeMetric(loss, { ...optionsOf(loss), name: "b", dtype: "float64" }));
    const other = makeMetric(loss, {});
    for (const [name, value] of Object.entries(optionsOf(loss))) {
      expect(() => other.merge(makeMetric(loss, { [name]: value }))).toThrow(RangeError);
      expect(() => makeMetric(loss, { [name]: value }).merge(other)).toThrow(
        `other: expected a metric with the options ${JSON.stringify({ [name]: value })}, received {}`,
      );
    }
    const foreign = loss === "hinge" ? new metrics.SquaredHinge() : new metrics.Hinge();
    expect(() => other.merge(foreign)).toThrow(TypeError);
  });
});

test("Keras's own configs still load", () => {
  const config = { name: "hinge", reduction: "sum_over_batch_size" } as const;
  expect(Hinge.fromConfig(config).getConfig()).toEqual(config);
  const saved = { module: "keras.losses", class_name: "Hinge", config, registered_name: null };
  expect((deserialize(saved as never) as Hinge).getConfig()).toEqual(config);
  expect(serialize(new Hinge()).config).toEqual(config);
});

test.each([
  ["crammer_singer", "CrammerSinger", CrammerSinger, crammerSinger],
  ["weston_watkins", "WestonWatkins", WestonWatkins, westonWatkins],
] as const)("%s by its names", (name, className, Class, of) => {
  expect(get(className)).toBeInstanceOf(Class);
  expect(get(name)).toBe(of);
  expect(deserialize(className)).toBeInstanceOf(Class);
  expect(deserialize(name)).toBe(of);
  expect(deserialize(serialize(of))).toBe(of);
  expect(serialize(of).config).toBe(name);
  expect(metrics.get(className)).toBeInstanceOf(metrics[className]);
  expect(metrics.get(name)).toBeInstanceOf(metrics[className]);
  expect(new Class().name).toBe(name);
  const own = get({ class_name: className, config: { margin: 2, power: 2 } }) as CrammerSinger;
  expect(own.getConfig()).toEqual({ name, reduction: "sum_over_batch_size", margin: 2, power: 2 });
});

test("a margin is a value of the loss's dtype, and the config has it as given", () => {
  for (const dtype of ["float16", "bfloat16", "float32"] as const) {
    const loss = new Hinge({ margin: 0.1, dtype });
    expect(loss.getConfig().margin).toBe(0.1);
    const value = loss.value([[1]], [[0]]);
    expect(value).not.toBe(0.1);
    expect(Math.abs((value as number) - 0.1)).toBeLessThan(1e-3);
  }
  expect(new Hinge({ margin: 0.1, dtype: "float64" }).value([[1]], [[0]])).toBe(0.1);
});
