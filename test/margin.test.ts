// Losses with margins, powers, class weights and ignored rows, against numpy, torch and scikit-learn.
import { type Tensor, tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { written, writtenEncoding } from "./support/class-labels.js";
import { argumentOf, numbersOf, tensorOf } from "./support/golden.js";
import { forEachImplementation } from "./support/implementations.js";
import { classLossNames, functions, makeLoss, makeMetric } from "./support/losses.js";
import { isNear, type MarginCase, marginCases, parametersOfCase } from "./support/margin.js";
import { expectSame } from "./support/same.js";

const optionsOf = (golden: MarginCase) => ({
  ...parametersOfCase(golden),
  labels: "sparse",
  classWeight: golden.class_weight,
  ignoreClass: golden.ignore_class,
});

const lossOf = (golden: MarginCase, options: object = optionsOf(golden)) =>
  makeLoss(golden.loss, { reduction: golden.reduction, dtype: golden.dtype, ...options });

function argumentsOf({ y_true, y_pred, sample_weight }: MarginCase) {
  return [tensorOf(y_true), tensorOf(y_pred), { sampleWeight: argumentOf(sample_weight) }] as const;
}

/** Numbers that are not near those that were expected. */
function differences({ dtype }: MarginCase, got: ArrayLike<number>, expected: readonly number[]) {
  expect(got.length).toBe(expected.length);
  return expected.flatMap((value, i) =>
    isNear(dtype, got[i], value) ? [] : [`${i}: ${got[i]}, not ${value}`],
  );
}

const dataOf = (result: number | Tensor) =>
  typeof result === "number" ? [result] : (result.data as Float32Array | Float64Array);

const isIgnored =
  ({ ignore_class }: MarginCase) =>
  (id: number) =>
    id === ignore_class;

/** The weights of rows as numbers, and whether a loss of the case's dtype gets these very numbers. */
function weightsOf(golden: MarginCase) {
  const { y_true, sample_weight, class_weight, dtype } = golden;
  const own = sample_weight && numbersOf(sample_weight);
  const round = dtype === "float64" ? (value: number) => value : Math.fround;
  const weights = numbersOf(y_true).map((id, row) => {
    const ofClass = isIgnored(golden)(id) ? 1 : round(class_weight?.[id] ?? 1);
    return round(own?.[row] ?? 1) * ofClass;
  });
  return { weights, areExact: weights.every((weight) => round(weight) === weight) };
}

/** The case with its labels, its class weights and its ignored rows written out. */
function writtenOut(golden: MarginCase) {
  const { loss, y_true, y_pred, sample_weight, class_weight, ignore_class } = golden;
  const ids = numbersOf(y_true);
  const haveClasses = loss === "categorical_hinge" || classLossNames.some((name) => name === loss);
  const weights = Float64Array.from(weightsOf(golden).weights);
  const areWeighted = sample_weight !== null || class_weight !== null;
  const product = areWeighted ? tensor(weights, y_true.shape) : null;
  const counts = Uint8Array.from(ids, (id) => Number(!isIgnored(golden)(id)));
  // Any class will do for a row that is ignored.
  const rows = ids.map((id) => (isIgnored(golden)(id) ? 0 : id));
  return {
    options: {
      ...parametersOfCase(golden),
      labels: writtenEncoding(loss),
      classWeight: haveClasses ? class_weight : null,
    },
    yTrue: written(loss, rows, y_pred.shape),
    weighting: {
      sampleWeight: haveClasses ? argumentOf(sample_weight) : product,
      mask: ignore_class === null ? null : tensor(counts, y_true.shape, "bool"),
    },
    hasSameBits: haveClasses || weightsOf(golden).areExact,
  };
}

test("cases of all kinds", () => {
  expect(marginCases).toHaveLength(308);
  const exact = marginCases.filter((golden) => writtenOut(golden).hasSameBits);
  expect(exact.length).toBeGreaterThan(200);
});

/** Whether a metric of all samples has the case's answer. */
const isMeanOfMetric = ({ reduction, sample_weight, class_weight }: MarginCase) =>
  reduction === "mean_with_sample_weight" ||
  (reduction === "sum_over_batch_size" && sample_weight === null && class_weight === null);

forEachImplementation(() => {
  describe.each(marginCases)("$name", (golden) => {
    const expected = numbersOf(golden.expected);
    const [yTrue, yPred, weighting] = argumentsOf(golden);
    const loss = lossOf(golden);

    test("value and gradient, at once and later", async () => {
      const value = loss.value(yTrue, yPred, weighting);
      expect(differences(golden, dataOf(value), expected)).toEqual([]);
      if (typeof value !== "number") expect(value.shape).toEqual(golden.expected.shape);
      expectSame(await loss.valueAsync(yTrue, yPred, weighting), value);
      const both = loss.valueAndGradient(yTrue, yPred, weighting);
      expectSame(both.value, value);
      const { gradient } = both;
      expect(gradient.shape).toEqual(golden.y_pred.shape);
      if (golden.gradient !== null) {
        expect(differences(golden, dataOf(gradient), golden.gradient)).toEqual([]);
      }
      expectSame(await loss.gradientAsync(yTrue, yPred, weighting), gradient);
    });

    test("the same bits with labels that are written out", () => {
      const { options, yTrue: other, weighting: weights, hasSameBits } = writtenOut(golden);
      const own = lossOf(golden, options);
      const value = loss.value(yTrue, yPred, weighting);
      const { gradient } = loss.valueAndGradient(yTrue, yPred, weighting);
      const again = own.valueAndGradient(other, yPred, weights);
      if (hasSameBits) {
        expectSame(own.value(other, yPred, weights), value);
        expectSame(again.value, value);
        expectSame(again.gradient, gradient);
      } else {
        expect(differences(golden, dataOf(again.value), expected)).toEqual([]);
        expect(differences(golden, dataOf(again.gradient), [...dataOf(gradient)])).toEqual([]);
      }
    });

    if (golden.reduction === null && !golden.sample_weight && !golden.class_weight) {
      test("the function of the same name", () => {
        const losses = functions[golden.loss](yTrue, yPred, optionsOf(golden) as object);
        expectSame(losses, loss.value(yTrue, yPred) as Tensor);
        expectSame(losses, loss.call(yTrue, yPred));
      });
    }

    if (!isMeanOfMetric(golden)) return;
    test("the metric", async () => {
      const metric = makeMetric(golden.loss, { dtype: golden.dtype, ...optionsOf(golden) });
      metric.updateState(yTrue, yPred, weighting);
      expect(differences(golden, [metric.result()], expected)).toEqual([]);
      const other = makeMetric(golden.loss, { dtype: golden.dtype, ...optionsOf(golden) });
      await other.updateStateAsync(yTrue, yPred, weighting);
      expect(other.getState()).toEqual(metric.getState());
    });
  });
});
