// Keras's own calls about names, configs and identifiers, and its answers. Each call is turned into ours by
// the few rules of `translated`.
import { readFileSync } from "node:fs";
import {
  CategoricalHinge,
  categoricalHinge,
  deserialize,
  get,
  Hinge,
  hinge,
  Loss,
  metrics,
  SquaredHinge,
  serialize,
  setFloatx,
  squaredHinge,
  type Tensor,
  tensor,
} from "maxmargin";
import { afterAll, describe, expect, test } from "vitest";
import { decode } from "./support/narrow.js";

interface Returned {
  readonly kind: "value" | "function" | "instance" | "tensor";
  readonly value?: unknown;
  readonly name?: string;
  readonly class?: string;
  readonly dtype?: string;
  readonly config?: object;
  readonly reduction?: string | null;
}

interface Call {
  readonly call: string;
  readonly python?: string;
  readonly returns?: Returned;
  readonly error?: { readonly type: string };
}

const file = new URL("./golden/api.json", import.meta.url);
const { groups } = JSON.parse(readFileSync(file, "utf8")) as { groups: Record<string, Call[]> };

const functions = { hinge, squared_hinge: squaredHinge, categorical_hinge: categoricalHinge };
const losses = {
  Hinge,
  SquaredHinge,
  CategoricalHinge,
  Loss,
  ...functions,
  get,
  serialize,
  deserialize,
};
const keras = { losses, metrics, config: { set_floatx: setFloatx } };
const np = {
  array: (nested: number[][], dtype = "float64") =>
    tensor(
      (dtype === "float64" ? Float64Array : Float32Array).from(nested.flat()),
      tensor(nested).shape,
    ),
};

/** What has no counterpart here, with the number of DESIGN's decision, or the reason. */
const left: Readonly<Record<string, string>> = {
  "losses.Hinge('sum').reduction": "options are an object",
  "losses.Hinge(dtype='int32').dtype": "4: integers are never computed in",
  "repr(losses.Hinge())": "Python",
  "str(losses.SquaredHinge())": "Python",
  "repr(losses.CategoricalHinge(reduction=None))": "Python",
  "repr(metrics.Hinge())": "Python",
  "metrics.Hinge()._direction": "Keras's training loop",
  "[v.name for v in metrics.Hinge().variables]": "Keras's variables",
  "losses.get('Loss')": "8: the base class computes nothing",
  "losses.get(lambda y_true, y_pred: 0)": "Python: tested below",
};

/** Where dtype is kept (7) or float64 is (1). */
const decided: Readonly<Record<string, unknown>> = {
  "losses.Hinge(reduction='sum', name='h', dtype='float64').get_config()": {
    name: "h",
    reduction: "sum",
    dtype: "float64",
  },
  "losses.Hinge.from_config(losses.Hinge(dtype='float64').get_config()).dtype": "float64",
  "losses.serialize(losses.Hinge(dtype='float64'))": {
    module: "keras.losses",
    class_name: "Hinge",
    config: { name: "hinge", reduction: "sum_over_batch_size", dtype: "float64" },
    registered_name: null,
  },
  "  ... losses.Hinge()(f64 arrays)": 1.1,
  "  ... losses.Hinge(reduction='sum')(f64 arrays)": 1.1,
};

function translated({ call, python = call }: Call): string {
  return python
    .replace(/^\((keras.*)\)\[1\]$/, "[$1][1]")
    .replace(/^\(lambda o: (.*)\)\(([^()]*\(\))\)$/, "((o) => $1)($2)")
    .replace(/^isinstance\((.*), (.*)\)$/, "$1 instanceof $2")
    .replace(/sample_weight=(\[.*?\])/g, "{ sampleWeight: $1 }")
    .replace(/, custom_objects=/g, ", ")
    .replace(/\b((?:losses|metrics)\.\w*Hinge)\(([^()[\]{}]*)\)/g, (_, name, options: string) => {
      return `new ${name}({ ${options.replace(/(\w+)=/g, "$1: ")} })`;
    })
    .replace(/\}\)\(/g, "}).value(")
    .replace(/\bNone\b/g, "null")
    .replace(/\bTrue\b/g, "true")
    .replace(/ is | == /g, " === ")
    .replace(/get_config/g, "getConfig")
    .replace(/from_config/g, "fromConfig");
}

function answerTo(call: Call): unknown {
  const body = `return ${translated(call)};`;
  return new Function("losses", "metrics", "keras", "np", body)(losses, metrics, keras, np);
}

function numbersOf({ dtype, data }: Tensor): number[] {
  return Array.from(data as Float32Array, (value) =>
    dtype === "float16" ? decode("float16", value) : value,
  );
}

function expectTensor(answer: unknown, value: unknown): void {
  const { shape, data } = value as { shape: number[]; data: (number | string)[] };
  const numbers = typeof answer === "number" ? [answer] : numbersOf(answer as Tensor);
  expect(typeof answer === "number" ? [] : (answer as Tensor).shape).toEqual(shape);
  expect(numbers).toHaveLength(data.length);
  for (const [i, number] of data.map(Number).entries()) {
    if (Number.isNaN(number)) expect(numbers[i]).toBeNaN();
    else expect(Math.abs(numbers[i] - number)).toBeLessThanOrEqual(1.2e-6 * Math.max(1, number));
  }
}

const classOf = (answer: unknown) => (answer as object).constructor.name;

function expectAnswer(answer: unknown, returned: Returned): void {
  const { kind, value, name, config, reduction, dtype } = returned;
  if (kind === "value") expect(answer).toEqual(value);
  else if (kind === "function") expect(answer).toBe(functions[name as keyof typeof functions]);
  else if (kind === "tensor") expectTensor(answer, value);
  else {
    const instance = answer as Hinge;
    expect(classOf(answer)).toBe(returned.class);
    expect({ name: instance.name, dtype: instance.dtype }).toEqual({ name, dtype });
    expect(instance.reduction).toBe(reduction);
    const { dtype: _, ...rest } = instance.getConfig();
    expect(answer instanceof Loss ? rest : instance.getConfig()).toEqual(config);
  }
}

describe.each(Object.keys(groups))("%s", (group) => {
  afterAll(() => setFloatx("float32"));
  const calls = groups[group].filter(({ call }) => !(call in left));

  test.each(calls)("$call", (call) => {
    if (call.error !== undefined) {
      expect(() => answerTo(call)).toThrow(
        /: (expected .*, received |received .*; |unknown key ")/,
      );
    } else if (call.call in decided) {
      expect(answerTo(call)).toEqual(decided[call.call]);
    } else {
      expectAnswer(answerTo(call), call.returns as Returned);
    }
  });
});

test("every call that is left out or decided otherwise exists", () => {
  const calls = new Set(Object.values(groups).flatMap((group) => group.map(({ call }) => call)));
  const named = [...Object.keys(left), ...Object.keys(decided)];
  expect(named.filter((call) => !calls.has(call))).toEqual([]);
  expect(calls.size).toBeGreaterThan(120);
});

test("any function is a loss, and JSON is enough", () => {
  const mine = () => 0;
  expect(get(mine)).toBe(mine);
  const loss = deserialize(JSON.parse(JSON.stringify(serialize(new Hinge({ dtype: "float64" })))));
  expect((loss as Hinge).dtype).toBe("float64");
  expect(deserialize({ class_name: "mine" }, { mine })).toBe(mine);
});

test("invalid identifiers, and objects that cannot be saved", () => {
  const wrong = (value: unknown) => value as never;
  for (const value of [undefined, 3, {}, [], Symbol("s"), { class_name: 3 }]) {
    expect(() => get(wrong(value))).toThrow(TypeError);
    expect(() => metrics.get(wrong(value))).toThrow(TypeError);
    expect(() => deserialize(wrong(value))).toThrow(TypeError);
    expect(() => serialize(wrong(value))).toThrow(TypeError);
  }
  for (const value of ["typo", "toString", "constructor", "", { class_name: "Typo" }]) {
    expect(() => get(value)).toThrow(RangeError);
    expect(() => metrics.get(value)).toThrow(RangeError);
  }
  expect(() => serialize(wrong(new metrics.Hinge()))).toThrow(TypeError);
  expect(() => metrics.serialize(wrong(new Hinge()))).toThrow(TypeError);
  expect(() => serialize(wrong(Hinge))).toThrow(TypeError);
});
