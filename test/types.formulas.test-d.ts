// The options of formulas: parameters, encodings of labels, weights of classes and ignored rows.
import {
  CategoricalHinge,
  CrammerSinger,
  crammerSinger,
  type FloatDtype,
  get,
  gradient,
  Hinge,
  hinge,
  type LabelEncoding,
  type LossConfig,
  ModifiedHuber,
  metrics,
  type TensorOf,
  WestonWatkins,
  westonWatkins,
} from "maxmargin";
import { describe, expectTypeOf, test } from "vitest";

declare const yTrue: Int8Array;
declare const yPred: Float32Array;

describe("options of formulas", () => {
  test("are those that a loss has", () => {
    new Hinge({ margin: 0.5, labels: "binary", classWeight: [1, 2], ignoreClass: -1 });
    new CategoricalHinge({ margin: 2, labels: "sparse", classWeight: Float32Array.of(1, 2) });
    new CrammerSinger({ power: 2, margin: 0, labels: "onehot", classWeight: null });
    new WestonWatkins({ power: 1, ignoreClass: null });
    new ModifiedHuber({ labels: "signed" });
    new metrics.WestonWatkins({ power: 2, labels: "sparse" });
    // @ts-expect-error: hinge has no power
    new Hinge({ power: 2 });
    // @ts-expect-error: modified Huber has no margin
    new ModifiedHuber({ margin: 2 });
    // @ts-expect-error: powers are 1 and 2
    new CrammerSinger({ power: 3 });
    // @ts-expect-error: a margin is a number
    new Hinge({ margin: "1" });
    // @ts-expect-error: a label is a number
    new Hinge({ ignoreClass: "a" });
    // @ts-expect-error: a weight for each class is a list
    new Hinge({ classWeight: { 0: 1 } });
    // @ts-expect-error: metrics have the same options
    new metrics.Hinge({ power: 2 });
  });

  test("labels are of the loss's family", () => {
    // @ts-expect-error: a loss of signed labels
    new Hinge({ labels: "onehot" });
    // @ts-expect-error: a loss of signed labels
    new ModifiedHuber({ labels: "onehot" });
    // @ts-expect-error: a loss of classes
    new CategoricalHinge({ labels: "auto" });
    // @ts-expect-error: a loss of classes
    new CrammerSinger({ labels: "binary" });
    // @ts-expect-error: a metric of classes
    new metrics.WestonWatkins({ labels: "signed" });
    // @ts-expect-error: no encoding
    new Hinge({ labels: "one-hot" });
    // @ts-expect-error: a function of signed labels
    hinge(yTrue, yPred, { labels: "onehot" });
    // @ts-expect-error: a function of classes
    crammerSinger(yTrue, yPred, { labels: "auto" });
    expectTypeOf<LabelEncoding>().toEqualTypeOf<
      "auto" | "signed" | "binary" | "sparse" | "onehot"
    >();
  });

  test("of functions and their gradients", () => {
    expectTypeOf(
      crammerSinger(yTrue, yPred, { margin: 2, power: 2, out: new Float32Array(1) }),
    ).toEqualTypeOf<TensorOf<"float32">>();
    expectTypeOf(
      gradient(westonWatkins, yTrue, yPred, { power: 2, labels: "onehot" }),
    ).toEqualTypeOf<TensorOf<"float32">>();
    // @ts-expect-error: functions have no weights
    crammerSinger(yTrue, yPred, { sampleWeight: 1 });
  });

  test("results, configs and registries of the new losses", () => {
    expectTypeOf(new CrammerSinger().value(yTrue, yPred)).toEqualTypeOf<number>();
    expectTypeOf(new WestonWatkins({ reduction: null }).value(yTrue, yPred)).toEqualTypeOf<
      TensorOf<FloatDtype>
    >();
    const config = new CrammerSinger({ reduction: "sum", margin: 2 }).getConfig();
    expectTypeOf(config).toEqualTypeOf<LossConfig<"sum">>();
    expectTypeOf(CrammerSinger.fromConfig(config).value(yTrue, yPred)).toEqualTypeOf<number>();
    expectTypeOf(config.margin).toEqualTypeOf<number | undefined>();
    expectTypeOf(config.classWeight).toEqualTypeOf<readonly number[] | undefined>();
    expectTypeOf(get("CrammerSinger")).toEqualTypeOf<CrammerSinger>();
    expectTypeOf(get("weston_watkins")).toEqualTypeOf<typeof westonWatkins>();
    expectTypeOf(metrics.get("WestonWatkins")).toEqualTypeOf<metrics.WestonWatkins>();
  });
});
