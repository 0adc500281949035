import {
  callAsync,
  gradient,
  gradientAsync,
  Hinge,
  hinge,
  metrics,
  tensor,
  valueAndGradient,
  valueAndGradientAsync,
} from "maxmargin";
import { afterEach, describe, expect, test } from "vitest";
import {
  type AnyLossName,
  allLossNames,
  classes,
  formulaOptionsOf,
  functions,
  metricClasses,
} from "./support/losses.js";

const yTrue = tensor(Int8Array.of(1, 1), [2, 1]);
const yPred = tensor(Float32Array.of(0, 5), [2, 1]);

/** Something that takes options: its name, the options, the name of the argument, and a call with any value. */
type Entry = readonly [
  name: string,
  known: readonly string[],
  argument: "options" | "config",
  call: (options: never) => unknown,
];

const weights = ["sampleWeight", "mask"];
const background = ["signal", "transfer"];

const entriesOfLoss = (name: AnyLossName): Entry[] => {
  const Class = classes[name];
  const loss = new Class();
  const of = functions[name];
  const formula = formulaOptionsOf(name);
  const written = ["reduction", "name", "dtype", ...formula];
  return [
    ["constructor", written, "options", (options) => new Class(options)],
    ["fromConfig", written, "config", (config) => Class.fromConfig(config)],
    ["value", weights, "options", (options) => loss.value(yTrue, yPred, options)],
    ["call", ["out"], "options", (options) => loss.call(yTrue, yPred, options)],
    [
      "valueAndGradient",
      [...weights, "out"],
      "options",
      (options) => loss.valueAndGradient(yTrue, yPred, options),
    ],
    ["gradient", [...weights, "out"], "options", (options) => loss.gradient(yTrue, yPred, options)],
    [
      "valueAsync",
      [...weights, ...background],
      "options",
      (options) => loss.valueAsync(yTrue, yPred, options),
    ],
    [
      "callAsync",
      ["out", ...background],
      "options",
      (options) => loss.callAsync(yTrue, yPred, options),
    ],
    [
      "valueAndGradientAsync",
      [...weights, "out", ...background],
      "options",
      (options) => loss.valueAndGradientAsync(yTrue, yPred, options),
    ],
    [
      "gradientAsync",
      [...weights, "out", ...background],
      "options",
      (options) => loss.gradientAsync(yTrue, yPred, options),
    ],
    [name, ["out", ...formula], "options", (options) => of(yTrue, yPred, options)],
    [
      `valueAndGradient(${name})`,
      ["out", ...formula],
      "options",
      (options) => valueAndGradient(of, yTrue, yPred, options),
    ],
    [
      `gradient(${name})`,
      ["out", ...formula],
      "options",
      (options) => gradient(of, yTrue, yPred, options),
    ],
    [
      `callAsync(${name})`,
      ["out", ...formula, ...background],
      "options",
      (options) => callAsync(of, yTrue, yPred, options),
    ],
    [
      `valueAndGradientAsync(${name})`,
      ["out", ...formula, ...background],
      "options",
      (options) => valueAndGradientAsync(of, yTrue, yPred, options),
    ],
    [
      `gradientAsync(${name})`,
      ["out", ...formula, ...background],
      "options",
      (options) => gradientAsync(of, yTrue, yPred, options),
    ],
  ];
};

const entriesOfMetric = (name: AnyLossName): Entry[] => {
  const Class = metricClasses[name];
  const known = ["name", "dtype", ...formulaOptionsOf(name)];
  return [
    [`metrics.${Class.name}`, known, "options", (options) => new Class(options)],
    [`metrics.${Class.name}.fromConfig`, known, "config", (config) => Class.fromConfig(config)],
    ["updateState", weights, "options", (o) => new Class().updateState(yTrue, yPred, o)],
  ];
};

const entries: Entry[] = [
  ...allLossNames.flatMap(entriesOfLoss),
  ...allLossNames.flatMap(entriesOfMetric),
];

/** The error of a call that throws or is rejected. */
async function errorOf(call: () => unknown): Promise<Error> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`);
const listed = (names: readonly string[]) =>
  [quoted(names).slice(0, -1).join(", "), ...quoted(names).slice(-1)].filter(Boolean).join(" or ");

describe.each(entries)("%s", (_, known, argument, call) => {
  const expectError = async (options: unknown, message: string) => {
    const error = await errorOf(() => call(options as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toBe(`${argument}: ${message}`);
  };

  test("throws for a key that it does not know", async () => {
    for (const key of ["axis", "", "__proto", "constructor", "y_true", "\n", "x".repeat(10_000)]) {
      await expectError(
        { [key]: undefined },
        `unknown key ${JSON.stringify(key)}; expected ${listed(known)}`,
      );
    }
  });

  test("names the key that was meant", async () => {
    for (const key of known) {
      const snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      const misspelt = [snake, key.toUpperCase(), `${key}s`, `${key}_`, key.slice(0, -1)];
      for (const other of misspelt.filter((other) => other !== key)) {
        await expectError({ [other]: undefined }, `unknown key "${other}"; did you mean "${key}"?`);
      }
    }
  });

  test("finds such a key beside others, inherited, and in objects of any prototype", async () => {
    const message = `unknown key "axis"; expected ${listed(known)}`;
    await expectError({ [known[0]]: undefined, axis: 1 }, message);
    await expectError(Object.create({ axis: 1 }), message);
    await expectError(Object.assign(Object.create(null), { axis: 1 }), message);
    await expectError(
      new (class {
        axis = 1;
      })(),
      message,
    );
    await expectError(new Proxy({ axis: 1 }, {}), message);
  });

  test("accepts no value by position", async () => {
    const hint = `; pass { ${known[0]} }`;
    await expectError([0, 1], `expected an object, received an array of length 2${hint}`);
    await expectError([], `expected an object, received an array of length 0${hint}`);
    await expectError(0.5, `expected an object, received 0.5${hint}`);
    await expectError(false, `expected an object, received false${hint}`);
    await expectError(1n, `expected an object, received 1n${hint}`);
    await expectError("sum", `expected an object, received "sum"${hint}`);
    await expectError(tensor([0, 1]), `expected an object, received a tensor${hint}`);
    await expectError(
      { data: Float32Array.of(0, 1), shape: [2] },
      `expected an object, received a tensor${hint}`,
    );
    const error = await errorOf(() => call(Float32Array.of(0, 1) as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(
      /^\w+: expected an object, received .* Float32Array of length 2; /,
    );
    expect(error.message.endsWith(hint)).toBe(true);
  });

  test("accepts no object that holds its options elsewhere", async () => {
    await expectError(null, "expected an object, received null");
    await expectError(() => 0, "expected an object, received a function");
    await expectError(new Map([[known[0], 1]]), "expected an object, received a Map");
    await expectError(Promise.resolve({}), "expected an object, received a Promise");
    await expectError(new Date(), "expected an object, received a Date");
    const hint = known.includes("signal") ? "; pass { signal }" : "";
    const error = await errorOf(() => call(new AbortController().signal as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message.endsWith(`AbortSignal${hint}`)).toBe(true);
  });
});

describe("weights under other names", () => {
  const loss = new Hinge();

  test.each([
    ...["sample_weight", "sampleWeights", "sample_weights", "SampleWeight", "sampleweight"],
    ...["weights", "weight", "sampelWeight", "smapleWeight", "sampleWeigth", "sample-weight"],
  ])("%s", (key) => {
    const message = `options: unknown key "${key}"; did you mean "sampleWeight"?`;
    expect(() => loss.value(yTrue, yPred, { [key]: [0, 1] } as object)).toThrow(message);
    expect(() =>
      new metrics.Hinge().updateState(yTrue, yPred, { [key]: [0, 1] } as object),
    ).toThrow(message);
  });

  test.each(["masks", "Mask", "mask_", "maks", "msk"])("%s", (key) => {
    expect(() => loss.value(yTrue, yPred, { [key]: [0, 1] } as object)).toThrow(
      `options: unknown key "${key}"; did you mean "mask"?`,
    );
  });

  test.each(["class_weight", "out", "signal", "w", "rank"])("%s is something else", (key) => {
    expect(() => loss.value(yTrue, yPred, { [key]: [0, 1] } as object)).toThrow(
      `options: unknown key "${key}"; expected "sampleWeight" or "mask"`,
    );
  });

  test("a metric keeps its state", () => {
    const metric = new metrics.Hinge();
    metric.updateState(yTrue, yPred, { sampleWeight: [0, 1] });
    const before = metric.getState();
    expect(() => metric.updateState(yTrue, yPred, [0, 1] as object)).toThrow(TypeError);
    expect(() => metric.updateState(yTrue, yPred, { weights: [0, 1] } as object)).toThrow(
      TypeError,
    );
    expect(metric.getState()).toEqual(before);
  });
});

test("a derived class creates its own instances from its own config", () => {
  class Scaled extends Hinge {
    readonly scale: number;

    constructor({ scale = 1, ...options }: { scale?: number; name?: string } = {}) {
      super(options);
      this.scale = scale;
    }
  }
  const loss = Scaled.fromConfig({ name: "mine", scale: 2 } as object) as unknown as Scaled;
  expect(loss).toBeInstanceOf(Scaled);
  expect([loss.name, loss.scale]).toEqual(["mine", 2]);
  class Own extends metrics.Hinge {}
  expect(Own.fromConfig({ name: "own" })).toBeInstanceOf(Own);
  expect(() => Own.fromConfig({ axis: 1 } as object)).toThrow(TypeError);
});

describe("valid options", () => {
  const loss = new Hinge();
  const sampleWeight = [0, 1];
  const unweighted = loss.value(yTrue, yPred);

  afterEach(() => {
    Reflect.deleteProperty(Object.prototype, "polluted");
  });

  test("no options, no keys, and keys without a value", () => {
    expect(unweighted).toBe(0.5);
    for (const options of [undefined, {}, Object.create(null), { mask: null }]) {
      expect(loss.value(yTrue, yPred, options)).toBe(unweighted);
    }
    expect(loss.value(yTrue, yPred, { sampleWeight: undefined, mask: undefined } as object)).toBe(
      unweighted,
    );
  });

  test("an object of any prototype, a proxy, a getter, inherited options", () => {
    class Options {
      get sampleWeight() {
        return sampleWeight;
      }
    }
    for (const options of [
      { sampleWeight },
      Object.assign(Object.create(null), { sampleWeight }),
      Object.create({ sampleWeight }),
      Object.freeze({ sampleWeight }),
      new Proxy({ sampleWeight }, {}),
      new Options(),
      { sampleWeight, [Symbol("note")]: 1 },
    ]) {
      expect(loss.value(yTrue, yPred, options)).toBe(0);
    }
  });

  test("nothing that a program adds to all objects", () => {
    Object.defineProperty(Object.prototype, "polluted", {
      value: 1,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    expect(loss.value(yTrue, yPred, { sampleWeight })).toBe(0);
    expect(() => loss.value(yTrue, yPred, { polluted: 1 } as object)).toThrow(TypeError);
    expect(hinge(yTrue, yPred, { out: new Float32Array(2) }).data).toEqual(Float32Array.of(1, 0));
  });
});
