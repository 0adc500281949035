import {
  type BackendInfo,
  backend,
  CategoricalHinge,
  get,
  Hinge,
  hinge,
  type Loss,
  type LossConfig,
  metrics,
  type Reduction,
  SquaredHinge,
  setBackend,
  setNumThreads,
  type Tensor,
  type TensorLike,
  tensor,
} from "maxmargin";
import { describe, expectTypeOf, test } from "vitest";

declare const yTrue: Int8Array;
declare const yPred: Float32Array;
declare const anyReduction: Reduction;
declare const sumOrNone: "sum" | "none";

describe("apply", () => {
  test("is a number for the reductions that leave one", () => {
    expectTypeOf(new Hinge().apply(yTrue, yPred)).toEqualTypeOf<number>();
    expectTypeOf(new Hinge({}).apply(yTrue, yPred)).toEqualTypeOf<number>();
    expectTypeOf(new Hinge({ name: "mine" }).apply(yTrue, yPred)).toEqualTypeOf<number>();
    expectTypeOf(new Hinge({ reduction: "sum" }).apply(yTrue, yPred)).toEqualTypeOf<number>();
    expectTypeOf(
      new SquaredHinge({ reduction: "mean" }).apply(yTrue, yPred),
    ).toEqualTypeOf<number>();
    expectTypeOf(
      new CategoricalHinge({ reduction: "sum_over_batch_size" }).apply(yTrue, yPred),
    ).toEqualTypeOf<number>();
  });

  test("is a tensor for null and none", () => {
    expectTypeOf(new Hinge({ reduction: null }).apply(yTrue, yPred)).toEqualTypeOf<
      Tensor<"float32">
    >();
    expectTypeOf(new SquaredHinge({ reduction: "none" }).apply(yTrue, yPred)).toEqualTypeOf<
      Tensor<"float32">
    >();
    expectTypeOf(new CategoricalHinge({ reduction: null }).apply(yTrue, yPred)).toEqualTypeOf<
      Tensor<"float32">
    >();
  });

  test("is either where the reduction is not known", () => {
    expectTypeOf(new Hinge({ reduction: anyReduction }).apply(yTrue, yPred)).toEqualTypeOf<
      number | Tensor<"float32">
    >();
    expectTypeOf(new Hinge({ reduction: sumOrNone }).apply(yTrue, yPred)).toEqualTypeOf<
      number | Tensor<"float32">
    >();
  });

  test("is as known after fromConfig as it was before", () => {
    const config = new Hinge({ reduction: null }).getConfig();
    expectTypeOf(config).toEqualTypeOf<LossConfig<null, "float32">>();
    expectTypeOf(config.reduction).toEqualTypeOf<null>();
    expectTypeOf(Hinge.fromConfig(config).apply(yTrue, yPred)).toEqualTypeOf<Tensor<"float32">>();
    expectTypeOf(SquaredHinge.fromConfig({ reduction: "sum" })).toEqualTypeOf<
      SquaredHinge<"sum">
    >();
    expectTypeOf(CategoricalHinge.fromConfig({}).apply(yTrue, yPred)).toEqualTypeOf<number>();
  });

  test("is found by whoever takes any loss", () => {
    const apply = <R extends Reduction>(loss: Loss<R>) => loss.apply(yTrue, yPred);
    expectTypeOf(apply(new Hinge())).toEqualTypeOf<number>();
    expectTypeOf(apply(new Hinge({ reduction: "none" }))).toEqualTypeOf<Tensor<"float32">>();
  });
});

describe("dtypes", () => {
  const doubles = Float64Array.of(0.5);
  test("follow from the predictions in functions", () => {
    expectTypeOf(hinge(yTrue, doubles)).toEqualTypeOf<Tensor<"float64">>();
    expectTypeOf(hinge(yTrue, new Int32Array(1))).toEqualTypeOf<Tensor<"float32">>();
    expectTypeOf(hinge(yTrue, [0.5])).toEqualTypeOf<Tensor<"float32">>();
    expectTypeOf(hinge(yTrue, tensor(new Uint16Array(1), [1], "bfloat16"))).toEqualTypeOf<
      Tensor<"bfloat16">
    >();
    expectTypeOf(hinge(yTrue, { data: doubles, shape: [1] })).toEqualTypeOf<Tensor<"float64">>();
  });

  test("follow from the option in classes", () => {
    const loss = new Hinge({ dtype: "float64", reduction: null });
    expectTypeOf(loss.apply(yTrue, yPred)).toEqualTypeOf<Tensor<"float64">>();
    expectTypeOf(loss.dtype).toEqualTypeOf<"float64">();
    const mixed = new SquaredHinge({ dtype: "mixed_float16" });
    expectTypeOf(mixed.call(yTrue, yPred)).toEqualTypeOf<Tensor<"float16">>();
    // @ts-expect-error: nothing is computed in integers
    new Hinge({ dtype: "int32" });
  });

  test("are those of the arrays in tensors", () => {
    expectTypeOf(tensor(doubles)).toEqualTypeOf<Tensor<"float64">>();
    expectTypeOf(tensor(new Uint16Array(1)).dtype).toEqualTypeOf<"uint16">();
    expectTypeOf(tensor(new Uint8Array(1), [1], "bool")).toEqualTypeOf<Tensor<"bool">>();
  });
});

test("metrics and the registry", () => {
  const metric = metrics.get("hinge");
  expectTypeOf(metric.result()).toEqualTypeOf<number>();
  expectTypeOf(metric).toEqualTypeOf<metrics.Hinge>();
  expectTypeOf(
    new metrics.SquaredHinge({ dtype: "float64" }).getConfig().dtype,
  ).toEqualTypeOf<"float64">();
  expectTypeOf(get("hinge")).toEqualTypeOf<typeof hinge>();
  expectTypeOf(get("SquaredHinge")).toEqualTypeOf<SquaredHinge>();
  expectTypeOf(get(null)).toEqualTypeOf<null>();
});

describe("call and the functions", () => {
  test("are tensors whatever the reduction", () => {
    expectTypeOf(new Hinge().call(yTrue, yPred)).toEqualTypeOf<Tensor<"float32">>();
    expectTypeOf(new Hinge({ reduction: "sum" }).call(yTrue, yPred)).toEqualTypeOf<
      Tensor<"float32">
    >();
    expectTypeOf(hinge(yTrue, yPred)).toEqualTypeOf<Tensor<"float32">>();
    expectTypeOf(hinge(yTrue, yPred).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(hinge(yTrue, yPred).shape).toEqualTypeOf<readonly number[]>();
  });
});

describe("what is wrong is a type error", () => {
  test("reductions", () => {
    // @ts-expect-error: no such reduction
    new Hinge({ reduction: "avg" });
    // @ts-expect-error: names are case-sensitive
    new Hinge({ reduction: "SUM" });
    // @ts-expect-error: null, not undefined, is Python's None
    new Hinge({ reduction: undefined });
    // @ts-expect-error: options are an object
    new Hinge("sum");
    // @ts-expect-error: no such option
    new Hinge({ axis: 1 });
    // @ts-expect-error: a name is a string
    new Hinge({ name: 1 });
  });

  test("arguments", () => {
    // @ts-expect-error: predictions are missing
    hinge(yTrue);
    // @ts-expect-error: no tensor
    hinge("01", yPred);
    // @ts-expect-error: no typed array that a tensor can hold
    hinge(new BigUint64Array(1), yPred);
    // @ts-expect-error: a shape is missing
    hinge({ data: yTrue }, yPred);
    // @ts-expect-error: no numbers
    hinge([["0"]], yPred);
    // @ts-expect-error: no dtype
    tensor(yTrue, [1], "int4");
    // @ts-expect-error: one number is no shape
    tensor(yTrue, 1);
  });

  test("tensors and losses do not change", () => {
    const values = tensor(yPred);
    // @ts-expect-error: read only
    values.shape = [1];
    // @ts-expect-error: read only
    values.shape[0] = 1;
    // @ts-expect-error: read only
    new Hinge().reduction = "sum_over_batch_size";
  });

  test("backends", () => {
    // @ts-expect-error: no such backend
    setBackend("gpu");
    // @ts-expect-error: a number
    setNumThreads("2");
    // @ts-expect-error: read only
    backend().name = "js";
  });
});

test("tensor-likes", () => {
  expectTypeOf<number>().toExtend<TensorLike>();
  expectTypeOf<boolean[][]>().toExtend<TensorLike>();
  expectTypeOf<readonly (readonly number[])[]>().toExtend<TensorLike>();
  expectTypeOf<BigInt64Array>().toExtend<TensorLike>();
  expectTypeOf<Uint8ClampedArray>().toExtend<TensorLike>();
  expectTypeOf<{ data: Int8Array; shape: number[] }>().toExtend<TensorLike>();
  expectTypeOf<Tensor>().toExtend<TensorLike>();
  expectTypeOf<Tensor<"float32">>().toExtend<TensorLike>();
});

test("backend", () => {
  expectTypeOf(backend()).toEqualTypeOf<BackendInfo>();
  expectTypeOf(backend().name).toEqualTypeOf<"native" | "js">();
  expectTypeOf(backend().kernel).toEqualTypeOf<string | null>();
});
