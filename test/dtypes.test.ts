import {
  CategoricalHinge,
  type Dtype,
  type FloatDtype,
  Hinge,
  hinge,
  SquaredHinge,
  type Tensor,
  tensor,
} from "maxmargin";
import { describe, expect, test } from "vitest";
import {
  castValues,
  dataOf,
  dtypes,
  filled,
  floatDtypes,
  generator,
  isUnsigned,
  type Random,
  roundedTo,
  valuesOf,
} from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import { classes, functions, type LossName, lossNames } from "./support/losses.js";
import { decode, encode, type NarrowDtype, ulp } from "./support/narrow.js";

const narrow = ["float16", "bfloat16"] as const;

/** Half the distance of two values, by the value; and what arithmetic before the rounding may add to it. */
const precision: Readonly<Record<FloatDtype, number>> = {
  float64: 1e-14,
  float32: 1e-6,
  float16: 2 ** -22,
  bfloat16: 2 ** -22,
};

/** The losses of rows, in double, of values that are cast already. */
function exactLosses(loss: LossName, y: number[], p: number[], width: number) {
  const signed = loss !== "categorical_hinge" && y.every((label) => label === 0 || label === 1);
  const labels = signed ? y.map((label) => 2 * label - 1) : y;
  const rows: { value: number; magnitude: number }[] = [];
  for (let start = 0; start < p.length; start += width) {
    let sum = 0;
    let max = -Infinity;
    let magnitude = 1;
    for (let i = start; i < start + width; i++) {
      const margin = Math.max(0, 1 - labels[i] * p[i]);
      if (loss === "categorical_hinge") {
        sum += labels[i] * p[i];
        max = Math.max(max, (1 - labels[i]) * p[i]);
        magnitude += Math.abs(labels[i] * p[i]) + Math.abs((1 - labels[i]) * p[i]);
      } else {
        // Modified Huber is a line where the margin is more than 2.
        const slope = loss === "modified_huber" ? Math.min(margin, 2) : margin;
        sum += loss === "hinge" ? margin : slope * (2 * margin - slope);
        const size = 1 + Math.abs(labels[i] * p[i]);
        magnitude += (loss === "hinge" ? size : 2 * slope * size) / width;
      }
    }
    const value = loss === "categorical_hinge" ? Math.max(0, max - sum + 1) : sum / width;
    rows.push({ value, magnitude });
  }
  return rows;
}

/** Whether a result is the exact one, rounded: within a unit in the last place of a narrow dtype. */
function isRight(
  dtype: FloatDtype,
  got: number,
  { value, magnitude }: { value: number; magnitude: number },
): boolean {
  const unit = dtype === "float16" || dtype === "bfloat16" ? ulp(dtype, value) : 0;
  const error = unit + precision[dtype] * Math.max(1, magnitude);
  if (Number.isFinite(got)) return Math.abs(got - value) <= error;
  return got === roundedTo(dtype, value + error, "float64");
}

const isNarrow = (dtype: Dtype): dtype is NarrowDtype =>
  dtype === "float16" || dtype === "bfloat16";

function randomValues(dtype: Dtype, n: number, random: Random): number[] {
  return filled(new Array<number>(n), () => {
    const value = (random() + random() + random() - 1.5) * 2;
    if (dtype === "bool") return Number(value > 0);
    if (isNarrow(dtype)) return decode(dtype, encode(dtype, value));
    if (dtype.startsWith("float")) return value;
    return Math.trunc(isUnsigned(dtype) ? Math.abs(value * 3) : value * 3);
  });
}

const shapes = [[5], [7, 1], [10, 3], [9, 10], [3, 64], [2, 100]];

forEachImplementation(() => {
  describe.each(narrow)("%s", (dtype) => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const predictions = tensor(bits, [65536, 1], dtype);
    const values = valuesOf(dtype, bits);

    test.each([-1, 1, 2])("all values, labels %d", (label) => {
      const labels = tensor(new Int8Array(65536).fill(label), [65536, 1]);
      const right = values.map((p) => {
        const margin = Math.fround(1 - Math.fround((label === 2 ? 2 : label) * p));
        return encode(dtype, 0 > margin ? 0 : margin);
      });
      expect(hinge(labels, predictions).data).toEqual(Uint16Array.from(right));
    });

    test("all values as labels", () => {
      const ones = tensor(new Float32Array(65536).fill(-1), [65536, 1]);
      const losses = new Hinge({ dtype, reduction: null }).value(predictions, ones);
      const right = values.map((y) => encode(dtype, Math.max(0, Math.fround(1 + y))));
      expect(losses.data).toEqual(Uint16Array.from(right));
    });

    test("casts to the nearest value, ties to even", () => {
      const edges = values.filter(Number.isFinite).flatMap((value, i) => {
        const next = values[i + 1];
        const middle = (value + (Number.isFinite(next) ? next : value)) / 2;
        const nudge = Math.abs(middle) * 2 ** -52 + 2 ** -1070;
        return i % 5 === 0 ? [value, middle, middle + nudge, middle - nudge] : [middle];
      });
      const doubles = Float64Array.from([...edges, 65519.999, 65520, 65536, 1e30, 3.4e38, 1e300]);
      const yPred = tensor(doubles, [doubles.length, 1]);
      const yTrue = tensor(new Int8Array(doubles.length).fill(-1), [doubles.length, 1]);
      const right = Uint16Array.from(doubles, (value) => {
        const p = decode(dtype, encode(dtype, value));
        return encode(dtype, Math.max(0, Math.fround(1 + p)));
      });
      expect(new Hinge({ dtype }).call(yTrue, yPred).data).toEqual(right);
    });

    test("the mean of 70,000 rows, where the sum is beyond the dtype", () => {
      const rows = 70_000;
      const yPred = tensor(new Uint16Array(3 * rows).fill(encode(dtype, 1.5)), [rows, 3], dtype);
      const yTrue = tensor(new Int8Array(3 * rows).fill(-1), [rows, 3]);
      expect(new Hinge({ dtype }).value(yTrue, yPred)).toBe(2.5);
      expect(new SquaredHinge({ dtype }).value(yTrue, yPred)).toBe(6.25);
      expect(new CategoricalHinge({ dtype }).value(yTrue, yPred)).toBe(8.5);
      const weighted = { sampleWeight: new Float32Array(rows).fill(2) };
      expect(new Hinge({ dtype }).value(yTrue, yPred, weighted)).toBe(5);
    });

    test("weights are cast, and a total rounded", () => {
      const yPred = tensor(Float32Array.of(0, 0, 0), [3, 1]);
      const yTrue = tensor(Int8Array.of(1, 1, 1), [3, 1]);
      const sampleWeight = Float64Array.of(1 / 3, 1000.1, 1e-9);
      const losses = new Hinge({ dtype, reduction: null }).value(yTrue, yPred, { sampleWeight });
      expect([...losses.data]).toEqual([...sampleWeight].map((weight) => encode(dtype, weight)));
      const sum = new Hinge({ dtype, reduction: "sum" }).value(yTrue, yPred, { sampleWeight });
      expect(sum).toBe(decode(dtype, encode(dtype, sum)));
    });
  });

  test.each(narrow)("NaNs of all bits stay NaN: %s", (dtype) => {
    const patterns = [0x7fffffff, 0xffffffff, 0x7fff9c82, 0x7fff8000, 0x7f800001, 0xff800001];
    const bits = Uint32Array.from({ length: 37 }, (_, i) => patterns[i % patterns.length]);
    const labels = tensor(new Float32Array(bits.buffer), [37, 1]);
    const ones = tensor(new Float32Array(37).fill(1), [37, 1]);
    const { data } = new Hinge({ dtype }).call(labels, ones);
    expect(valuesOf(dtype, data)).toEqual(new Array(37).fill(NaN));
  });

  test("labels are looked at once they are cast", () => {
    const labels = tensor(Float64Array.of(0, 1 + 1e-9), [2, 1]);
    const zeros = Float64Array.of(0.5, 0.5);
    expect([...hinge(labels, tensor(Float32Array.from(zeros), [2, 1])).data]).toEqual([1.5, 0.5]);
    expect(hinge(labels, tensor(zeros, [2, 1])).data[0]).toBe(1);
    const nearlyOne = tensor(Float32Array.of(0, 1 + 2 ** -12), [2, 1]);
    const halves = (dtype: FloatDtype) =>
      new Hinge({ dtype, reduction: null }).value(nearlyOne, tensor(zeros, [2, 1]));
    expect(valuesOf("float16", halves("float16").data)).toEqual([1.5, 0.5]);
    expect(valuesOf("float32", halves("float32").data)[0]).toBe(1);
  });

  test("the ends of integers", () => {
    const big = BigInt64Array.of(
      2n ** 63n - 1n,
      -(2n ** 63n),
      2n ** 53n + 1n,
      -(2n ** 53n) - 3n,
      3n,
    );
    const as = (dtype: FloatDtype) =>
      valuesOf(
        dtype,
        new Hinge({ dtype, reduction: null }).value(
          tensor(big, [5, 1]),
          tensor(new Int8Array(5).fill(-1), [5, 1]),
        ).data,
      );
    expect(as("float64")).toEqual([2 ** 63, 0, 2 ** 53, 0, 4]);
    expect(as("float32")).toEqual([2 ** 63, 0, 2 ** 53, 0, 4]);
    expect(as("float16")).toEqual([Infinity, 0, Infinity, 0, 4]);
    expect(as("bfloat16")).toEqual([2 ** 63, 0, 2 ** 53, 0, 4]);
    const unsigned = tensor(Uint32Array.of(2 ** 32 - 1, 5), [2, 1]);
    const minus = tensor(Int16Array.of(-1, -32768), [2, 1]);
    expect([...hinge(unsigned, minus).data]).toEqual([2 ** 32, 163841]);
  });

  // A little more than the middle of two values of bfloat16, and to float32 the middle itself.
  test.each(["int32", "uint32", "int64"] as const)(
    "%s becomes bfloat16 by way of float32",
    (dtype) => {
      const value = 2 ** 30 + 2 ** 22 + 1;
      const loss = new Hinge({ dtype: "bfloat16", reduction: "none" });
      const numbers = (n: number, value: number) => new Float32Array(n).fill(value);
      for (const n of [1, 8, 16, 100]) {
        const large = tensor(dataOf(dtype, new Float64Array(n).fill(value)), [n, 1], dtype);
        const minus = tensor(numbers(n, -1), [n, 1]);
        const right = new Uint16Array(n).fill(20096);
        expect(loss.value(minus, large).data).toEqual(right);
        expect(loss.value(large, minus).data).toEqual(right);
        const zeros = tensor(numbers(n, 0), [n, 1]);
        const sampleWeight = tensor(large.data, [n], dtype as "int32");
        expect(loss.value(minus, zeros, { sampleWeight }).data).toEqual(right);
      }
      const one = dataOf(dtype, [value]);
      expect(loss.value([-1], tensor(one, [1], dtype)).data).toEqual(Uint16Array.of(20096));
    },
  );

  describe.each(dtypes)("%s predictions", (predictionDtype) => {
    test.each(dtypes)("%s labels", (labelDtype) => {
      const random = generator(dtypes.indexOf(labelDtype) * 100 + dtypes.indexOf(predictionDtype));
      const wrong: string[] = [];
      let compared = 0;
      const check = (loss: LossName, as: FloatDtype, yTrue: Tensor, yPred: Tensor, got: Tensor) => {
        const y = castValues(labelDtype, yTrue.data, as);
        const p = castValues(predictionDtype, yPred.data, as);
        const right = exactLosses(loss, y, p, yPred.shape.at(-1) as number);
        const losses = valuesOf(got.dtype, got.data);
        expect(got.dtype).toBe(as);
        expect(losses).toHaveLength(right.length);
        for (const [row, loss_] of losses.entries()) {
          compared++;
          if (isRight(as, loss_, right[row])) continue;
          wrong.push(
            `${loss} in ${as}, [${yPred.shape}], row ${row}: ${loss_}, not ${right[row].value}`,
          );
        }
      };
      for (const shape of shapes) {
        const n = shape.reduce((a, b) => a * b, 1);
        const yTrue = tensor(
          dataOf(labelDtype, randomValues(labelDtype, n, random)),
          shape,
          labelDtype,
        );
        const predictions = dataOf(predictionDtype, randomValues(predictionDtype, n, random));
        const yPred = tensor(predictions, shape, predictionDtype);
        for (const loss of lossNames) {
          const own = (floatDtypes as readonly Dtype[]).includes(predictionDtype);
          const result = functions[loss](yTrue, yPred);
          check(loss, own ? (predictionDtype as FloatDtype) : "float32", yTrue, yPred, result);
          for (const dtype of floatDtypes) {
            check(loss, dtype, yTrue, yPred, new classes[loss]({ dtype }).call(yTrue, yPred));
          }
        }
      }
      expect(wrong.slice(0, 5)).toEqual([]);
      expect(compared).toBe(32 * lossNames.length * (1 + floatDtypes.length));
    });
  });
});

test("bytes other than 0 and 1 are true in a bool tensor", () => {
  const yTrue = tensor(Uint8Array.of(0, 7, 255), [3, 1], "bool");
  const yPred = tensor(Uint8Array.of(3, 0, 128), [3, 1], "bool");
  expect([...hinge(yTrue, yPred).data]).toEqual([2, 1, 0]);
});

test("a view at an odd place of its buffer", () => {
  for (const dtype of floatDtypes) {
    const values = randomValues(dtype, 130, generator(3));
    const whole = dataOf(dtype, [9, 9, 9, ...values]) as Float64Array;
    const own = tensor(dataOf(dtype, values), [13, 10], dtype);
    const view = tensor(whole.subarray(3), [13, 10], dtype);
    const labels = BigInt64Array.from({ length: 133 }, (_, i) => BigInt(i % 3 === 0));
    const yTrue = tensor(labels.subarray(3), [13, 10]);
    expect(hinge(yTrue, view).data).toEqual(hinge(tensor(labels.slice(3), [13, 10]), own).data);
  }
});

const Float16 = (
  globalThis as { Float16Array?: new (values: number[]) => Tensor<"float16">["data"] }
).Float16Array;

describe.runIf(Float16)("Float16Array, where the runtime has it", () => {
  const Values = Float16 as NonNullable<typeof Float16>;

  test("comes out where it came in", () => {
    const yPred = tensor(new Values([0.5, -0.5, 0.25, -1]), [2, 2]);
    const yTrue = tensor(Int8Array.of(0, 1, 0, 0), [2, 2]);
    expect(yPred.dtype).toBe("float16");
    const losses = hinge(yTrue, yPred);
    expect(losses.data).toEqual(new Values([1.5, 0.625]));
    const bits = tensor(Uint16Array.of(0x3800, 0xb800, 0x3400, 0xbc00), [2, 2], "float16");
    expect(hinge(yTrue, bits).data).toEqual(Uint16Array.of(0x3e00, 0x3900));
  });
});
