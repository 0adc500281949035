// Configs as Keras writes them, beyond test/golden/api.json.
import { deserialize, get, Hinge, hinge, metrics, type Serialized } from "maxmargin";
import { describe, expect, test } from "vitest";

const wrong = <T = never>(value: unknown) => value as T;

/** What `keras.saving.serialize_keras_object` gives for a policy. */
const policy = (name: unknown, class_name = "DTypePolicy") => ({
  module: "keras",
  class_name,
  config: { name },
  registered_name: null,
});

interface HingeClass {
  new (): Hinge | metrics.Hinge;
  fromConfig(config: object): Hinge | metrics.Hinge;
}

const modules: readonly (readonly [string, (saved: Serialized) => unknown, HingeClass])[] = [
  ["losses", deserialize, Hinge],
  ["metrics", metrics.deserialize, metrics.Hinge],
];

describe.each(modules)("%s", (module, load, Class) => {
  const saved = (config: unknown, others: object = {}) =>
    load(wrong<Serialized>({ module: `keras.${module}`, class_name: "Hinge", config, ...others }));

  test("a config that is null or missing is an empty one", () => {
    for (const loaded of [saved(null), saved(undefined), load({ class_name: "Hinge" })]) {
      expect(loaded).toBeInstanceOf(Class);
      expect((loaded as Hinge).getConfig()).toEqual(new Class().getConfig());
    }
  });

  test.each([
    ["float32", "float32"],
    ["float64", "float64"],
    ["bfloat16", "bfloat16"],
    ["mixed_float16", "float16"],
    ["mixed_bfloat16", "bfloat16"],
    [null, "float32"],
  ])("a policy %s", (name, dtype) => {
    for (const class_name of ["DTypePolicy", "FloatDTypePolicy", "Policy"]) {
      const loaded = saved({ name: "h", dtype: policy(name, class_name) }) as Hinge;
      expect(loaded).toBeInstanceOf(Class);
      expect([loaded.name, loaded.dtype]).toEqual(["h", dtype]);
    }
    expect(Class.fromConfig({ dtype: policy(name) }).dtype).toBe(dtype);
  });

  test("an invalid policy, or one that computes in integers", () => {
    expect(() => saved({ dtype: policy("int8") })).toThrow(/^dtype: expected .*, received "int8"$/);
    expect(() => saved({ dtype: policy("int8") })).toThrow(RangeError);
    for (const other of [
      policy(32),
      policy("float32", "QuantizedDTypePolicy"),
      { class_name: "DTypePolicy", config: "float32" },
      {},
    ]) {
      expect(() => saved({ dtype: other })).toThrow(TypeError);
    }
  });

  test("messages speak of the config", () => {
    expect(() => saved({ nam: "x" })).toThrow(
      new TypeError('config: unknown key "nam"; did you mean "name"?'),
    );
    expect(() => saved("x")).toThrow(/^config: expected an object, received "x"/);
    expect(() => saved(3)).toThrow(/^config: expected an object, received 3/);
    expect(() => saved([])).toThrow(/^config: expected an object, received an array of length 0/);
    expect(() => load(wrong(3))).toThrow(
      new TypeError("config: expected a name or { class_name, config }, received 3"),
    );
    expect(() => load({ class_name: "function", config: {} })).toThrow(
      new TypeError("config.config: expected the name of a function, received an object"),
    );
  });
});

describe("classes that a package has registered", () => {
  class MyHinge extends Hinge {}
  class MyMetric extends metrics.SquaredHinge {}
  const saved = (class_name: string, registered_name: string | null = null): Serialized => ({
    module: "my_module",
    class_name,
    config: { name: "mine", dtype: policy("float64") },
    registered_name,
  });

  test("are found by the name of their registration", () => {
    const loss = deserialize(saved("MyHinge", "my_package>MyHinge"), {
      "my_package>MyHinge": MyHinge,
    }) as MyHinge;
    expect(loss).toBeInstanceOf(MyHinge);
    expect([loss.name, loss.dtype]).toEqual(["mine", "float64"]);
    const metric = metrics.deserialize(saved("MyMetric", "my_package>Other"), {
      "my_package>Other": MyMetric,
    });
    expect(metric).toBeInstanceOf(MyMetric);
  });

  test("are found by the name of their class, which Keras 2 prefixes", () => {
    expect(deserialize(saved("MyHinge", "my_package>MyHinge"), { MyHinge })).toBeInstanceOf(
      MyHinge,
    );
    expect(deserialize(saved("MyHinge"), { MyHinge })).toBeInstanceOf(MyHinge);
    const objects = { "Custom>MyHinge": MyHinge };
    expect(deserialize(saved("Custom>MyHinge"), objects)).toBeInstanceOf(MyHinge);
    expect(deserialize("Custom>MyHinge", objects)).toBeInstanceOf(MyHinge);
  });

  test("come before the library's own", () => {
    const objects = { "my_package>Hinge": MyHinge };
    expect(deserialize(saved("Hinge", "my_package>Hinge"), objects)).toBeInstanceOf(MyHinge);
    expect(deserialize(saved("Hinge"), objects)).not.toBeInstanceOf(MyHinge);
  });

  test("are never taken for a class of the library with the same name", () => {
    const message = 'customObjects: expected one named "my_package>Hinge", received none';
    for (const objects of [undefined, null, {}, { MyHinge }]) {
      expect(() => deserialize(saved("Hinge", "my_package>Hinge"), objects)).toThrow(
        new RangeError(message),
      );
    }
    expect(() => get(saved("Hinge", "my_package>Hinge"))).toThrow(RangeError);
    expect(() => metrics.deserialize(saved("my_package>Hinge"))).toThrow(RangeError);
    expect(() => get("my_package>Hinge")).toThrow(RangeError);
  });

  test("functions too", () => {
    const mine = () => 0;
    const function_ = { ...saved("function", "my_package>mine"), config: "mine" };
    expect(deserialize(function_, { "my_package>mine": mine })).toBe(mine);
    expect(deserialize(function_, { mine })).toBe(mine);
    const other = { ...saved("function", "my_package>hinge"), config: "hinge" };
    expect(() => deserialize(other)).toThrow(RangeError);
    const own = { module: "keras.losses", class_name: "function", config: "hinge" };
    expect(deserialize({ ...own, registered_name: "hinge" })).toBe(hinge);
  });

  test.each([
    [3, "customObjects: expected an object of classes and functions, received 3"],
    [[MyHinge], "customObjects: expected an object of classes and functions, received an array"],
    [new Map(), "customObjects: expected an object of classes and functions, received a Map"],
    [{ Mine: 3 }, 'customObjects["Mine"]: expected a class or a function, received 3'],
  ])("custom objects that are none: %o", (objects, message) => {
    expect(() => deserialize("Hinge", wrong(objects))).toThrow(TypeError);
    expect(() => deserialize("Hinge", wrong(objects))).toThrow(message);
  });
});

describe("configs of get_compile_config()", () => {
  /** A function as Keras writes it today, and as it did. */
  const functions = [
    (name: string) => ({
      module: "builtins",
      class_name: "function",
      config: name,
      registered_name: "function",
    }),
    (name: string) => ({
      module: "keras.metrics",
      class_name: "function",
      config: name,
      registered_name: name,
    }),
    (name: string) => name,
  ];

  test.each([
    ["hinge", metrics.Hinge],
    ["squared_hinge", metrics.SquaredHinge],
    ["categorical_hinge", metrics.CategoricalHinge],
  ] as const)("MeanMetricWrapper of %s", (name, Class) => {
    for (const functionOf of functions) {
      for (const dtype of ["float64", policy("float64")]) {
        const saved = {
          module: "keras.metrics",
          class_name: "MeanMetricWrapper",
          config: { name: "loss_of_mine", dtype, fn: functionOf(name) },
          registered_name: null,
        };
        const metric = metrics.deserialize(JSON.parse(JSON.stringify(saved))) as metrics.Hinge;
        expect(metric).toBeInstanceOf(Class);
        expect(metric.getConfig()).toEqual({ name: "loss_of_mine", dtype: "float64" });
        expect(metrics.get(saved)).toBeInstanceOf(Class);
      }
    }
  });

  test("LossFunctionWrapper", () => {
    const loss = deserialize({
      module: "keras.src.losses.losses",
      class_name: "LossFunctionWrapper",
      config: { name: "squared_hinge", reduction: "sum", fn: functions[0]("squared_hinge") },
      registered_name: "LossFunctionWrapper",
    }) as Hinge;
    expect(loss.constructor.name).toBe("SquaredHinge");
    expect(loss.getConfig()).toEqual({ name: "squared_hinge", reduction: "sum" });
  });

  test.each([
    [undefined, "undefined"],
    [null, "null"],
    ["mean_squared_error", '"mean_squared_error"'],
    ["Hinge", '"Hinge"'],
    ["toString", '"toString"'],
    [{ class_name: "function", config: "accuracy" }, "an object"],
    [{ class_name: "Hinge", config: { reduction: "sum" } }, "an object"],
    [3, "3"],
  ])("another function: %o", (fn, received) => {
    const saved = { class_name: "MeanMetricWrapper", config: { name: "m", dtype: "float32", fn } };
    expect(() => metrics.deserialize(saved)).toThrow(
      new RangeError(
        `config.fn: expected "hinge", "squared_hinge", "categorical_hinge", "modified_huber", "crammer_singer" or "weston_watkins", received ${received}`,
      ),
    );
  });

  test("another function of the same name", () => {
    const fn = { class_name: "function", config: "hinge", registered_name: "mine>hinge" };
    const saved = { class_name: "MeanMetricWrapper", config: { fn } };
    expect(() => metrics.deserialize(saved)).toThrow(RangeError);
    expect(() => metrics.deserialize(saved, { "mine>hinge": () => 0 })).toThrow(RangeError);
    const plain = { class_name: "MeanMetricWrapper", config: { fn: "hinge" } };
    expect(() => metrics.deserialize(plain, { hinge: () => 0 })).toThrow(RangeError);
  });

  test("arguments of the function, which the three do not have", () => {
    const config = { fn: "hinge", name: "m", dtype: "float32", axis: -1 };
    expect(() => metrics.deserialize({ class_name: "MeanMetricWrapper", config })).toThrow(
      new TypeError(
        'config: unknown key "axis"; expected "name", "dtype", "margin", "labels", "classWeight" or "ignoreClass"',
      ),
    );
    expect(() => metrics.deserialize({ class_name: "MeanMetricWrapper", config: null })).toThrow(
      RangeError,
    );
  });

  test("the wrappers alone are not identifiers", () => {
    expect(() => metrics.get("MeanMetricWrapper")).toThrow(RangeError);
    expect(() => get("LossFunctionWrapper")).toThrow(RangeError);
    expect(deserialize({ class_name: "MeanMetricWrapper" })).toBe("MeanMetricWrapper");
  });
});
