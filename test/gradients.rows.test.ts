// The gradient of a row depends on that row alone, whatever stands beside it in the batch.
import { tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { type AnyDtype, dataOf, floatDtypes, valuesOf } from "./support/data.js";
import { forEachImplementation } from "./support/implementations.js";
import { classes, type LossName, lossNames } from "./support/losses.js";

interface Row {
  readonly label: (i: number) => number;
  readonly prediction: (i: number) => number;
}

const oneHot = (i: number) => (i === 0 ? 1 : 0);

/**
 * Rows of which all or some of the values (1 - y) p are NaN or infinite. Kernels may lose the maximum of a row that
 * contains NaN.
 */
const unusual: Readonly<Record<string, Row>> = {
  "NaN alone": { label: oneHot, prediction: () => NaN },
  "NaN alone, from labels": { label: () => NaN, prediction: () => 0.5 },
  "NaN alone, from infinite predictions": { label: () => 1, prediction: () => Infinity },
  "NaN after the first value": { label: oneHot, prediction: (i) => (i === 0 ? 0.5 : NaN) },
  "NaN before the second value": { label: oneHot, prediction: (i) => (i === 0 ? NaN : 0.5) },
  "NaN in every other place": { label: oneHot, prediction: (i) => (i % 2 === 0 ? 0.5 : NaN) },
  "-Infinity, where the margin is NaN": { label: () => 0, prediction: () => -Infinity },
  "-Infinity, where the margin is too": { label: () => -1, prediction: () => -Infinity },
  "Infinity alone": { label: () => -1, prediction: () => Infinity },
  "zeros of both signs": { label: () => 0, prediction: (i) => (i % 2 === 0 ? 0 : -0) },
};

/** [1, 0, 0] and [0.1, 0.7, 0.7], or what fits of it: two values share the maximum. */
const tied: Row = { label: oneHot, prediction: (i) => (i === 0 ? 0.1 : i < 3 ? 0.7 : 0.3) };
/** The same for two classes. */
const tiedPair: Row = { label: () => 0, prediction: () => 0.7 };
const single: Row = { label: oneHot, prediction: (i) => (i === 1 ? 0.7 : 0.3) };

/** Around every size of a register, a block, a tile and a chunk. */
const widths = [
  ...[1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 24, 25, 31, 32, 33, 63, 64, 65, 100, 128, 129, 1000],
  ...[2049, 8193],
];

/** Labels, predictions, and the dtype of the loss: values that are read in place, and values that are converted. */
const dtypes = [
  ["float32", "float32", "float32"],
  ["float64", "float64", "float64"],
  ["float16", "bfloat16", "float64"],
] as const;

type Data = Float32Array | Float64Array | Uint16Array;

function joined(parts: readonly Data[]): Data {
  const [first] = parts;
  const Kind = first.constructor as new (n: number) => Data;
  const all = new Kind(parts.length * first.length);
  parts.forEach((part, i) => {
    all.set(part, i * first.length);
  });
  return all;
}

/** The first value in the gradient of a batch that differs from the gradient of its row alone. */
function differencesOf(loss: LossName, rows: readonly Row[], width: number): string[] {
  // Whether labels of 0 and 1 become -1 and 1 is decided for the whole batch.
  const lowest = loss === "categorical_hinge" ? 0 : -1;
  // Several tiles where rows are narrow.
  const repeats = Math.max(1, Math.min(33, Math.floor(600 / width)));
  return dtypes.flatMap(([labelDtype, dtype, as]) => {
    const own = new classes[loss]({ dtype: as, reduction: "sum" });
    const written = (from: AnyDtype, value: (i: number) => number) =>
      dataOf(
        from,
        Float64Array.from({ length: width }, (_, i) => value(i)),
      ) as Data;
    const labels = rows.map(({ label }) =>
      written(labelDtype, (i) => (label(i) === 0 ? lowest : label(i))),
    );
    const predictions = rows.map(({ prediction }) => written(dtype, prediction));
    const gradientOf = (y: Data, p: Data): Data => {
      const shape = [p.length / width, width];
      const operand = (data: Data, from: AnyDtype) =>
        tensor(data as Float32Array, shape, from as "float32");
      return own.gradient(operand(y, labelDtype), operand(p, dtype)).data as Data;
    };
    const alone = joined(rows.map((_, row) => gradientOf(labels[row], predictions[row])));
    const repeated = (parts: readonly Data[]) => joined(new Array(repeats).fill(joined(parts)));
    const together = gradientOf(repeated(labels), repeated(predictions));
    const wrong = together.findIndex((slope, i) => !Object.is(slope, alone[i % alone.length]));
    if (wrong < 0) return [];
    const right = alone[wrong % alone.length];
    return [`${dtype}, ${wrong} of rows of ${width}: ${together[wrong]}, not ${right}`];
  });
}

forEachImplementation(() => {
  test("two classes share the maximum beside a row of NaN", () => {
    const yTrue = tensor(Float32Array.of(1, 0, 0, 1, 0, 0), [2, 3]);
    const yPred = tensor(Float32Array.of(NaN, NaN, NaN, 0.1, 0.7, 0.7), [2, 3]);
    for (const dtype of floatDtypes) {
      const { data } = new classes.categorical_hinge({ dtype }).gradient(yTrue, yPred);
      expect(valuesOf(dtype, data)).toEqual([NaN, NaN, NaN, -0.5, 0.25, 0.25]);
    }
  });

  describe.each(lossNames)("%s", (loss) => {
    test.each(Object.entries(unusual))("a row beside %s", (_, other) => {
      const wrong = widths.flatMap((width) => {
        const own = width < 3 ? tiedPair : tied;
        // As many of either in every tile, which holds a multiple of eight rows.
        return differencesOf(loss, [other, own, single, single], width);
      });
      expect(wrong).toEqual([]);
    });
  });
});
