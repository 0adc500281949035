import {
  type BackendInfo,
  backend,
  CategoricalHinge,
  callAsync,
  type FloatDtype,
  get,
  gradient,
  gradientAsync,
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
  type TensorOf,
  type TransferredInputs,
  tensor,
  type ValueAndGradient,
  valueAndGradient,
  valueAndGradientAsync,
} from "maxmargin";
import { describe, expectTypeOf, test } from "vitest";

// In an ES module this resolves as in CommonJS: to declarations of its own.
import required = require("maxmargin");

/** The results of losses that were given no dtype: `floatx()` decides when they are made. */
type Result = TensorOf<FloatDtype>;

declare const yTrue: Int8Array;
declare const yPred: Float32Array;
declare const anyReduction: Reduction;
declare const sumOrNone: "sum" | "none";
declare const anyTransfer: boolean;
declare const signal: AbortSignal;

describe("value", () => {
  test("is a number for the reductions that leave one", () => {
    expectTypeOf(new Hinge().value(yTrue, yPred)).toEqualTypeOf<number>();
    expectTypeOf(new Hinge({}).value(yTrue, yPred)).toEqualTypeOf<number>();
    expectTypeOf(new Hinge({ name: "mine" }).value(yTrue, yPred)).toEqualTypeOf<number>();
    expectTypeOf(new Hinge({ reduction: "sum" }).value(yTrue, yPred)).toEqualTypeOf<number>();
    expectTypeOf(
      new SquaredHinge({ reduction: "mean" }).value(yTrue, yPred),
    ).toEqualTypeOf<number>();
    expectTypeOf(
      new CategoricalHinge({ reduction: "sum_over_batch_size" }).value(yTrue, yPred),
    ).toEqualTypeOf<number>();
  });

  test("is a tensor for null and none", () => {
    expectTypeOf(new Hinge({ reduction: null }).value(yTrue, yPred)).toEqualTypeOf<Result>();
    expectTypeOf(
      new SquaredHinge({ reduction: "none" }).value(yTrue, yPred),
    ).toEqualTypeOf<Result>();
    expectTypeOf(
      new CategoricalHinge({ reduction: null }).value(yTrue, yPred),
    ).toEqualTypeOf<Result>();
  });

  test("is either where the reduction is not known", () => {
    expectTypeOf(new Hinge({ reduction: anyReduction }).value(yTrue, yPred)).toEqualTypeOf<
      number | Result
    >();
    expectTypeOf(new Hinge({ reduction: sumOrNone }).value(yTrue, yPred)).toEqualTypeOf<
      number | Result
    >();
  });

  test("is as known after fromConfig as it was before", () => {
    const config = new Hinge({ reduction: null }).getConfig();
    expectTypeOf(config).toEqualTypeOf<LossConfig<null>>();
    expectTypeOf(config.reduction).toEqualTypeOf<null>();
    expectTypeOf(Hinge.fromConfig(config).value(yTrue, yPred)).toEqualTypeOf<Result>();
    expectTypeOf(SquaredHinge.fromConfig({ reduction: "sum" })).toEqualTypeOf<
      SquaredHinge<"sum">
    >();
    expectTypeOf(CategoricalHinge.fromConfig({}).value(yTrue, yPred)).toEqualTypeOf<number>();
  });

  test("is found by whoever takes any loss", () => {
    const apply = <R extends Reduction>(loss: Loss<R>) => loss.value(yTrue, yPred);
    expectTypeOf(apply(new Hinge())).toEqualTypeOf<number>();
    expectTypeOf(apply(new Hinge({ reduction: "none" }))).toEqualTypeOf<Result>();
  });
});

describe("dtypes", () => {
  const doubles = Float64Array.of(0.5);
  test("follow from the predictions in functions", () => {
    expectTypeOf(hinge(yTrue, doubles)).toEqualTypeOf<Tensor<"float64">>();
    expectTypeOf(hinge(yTrue, new Int32Array(1))).toEqualTypeOf<Result>();
    expectTypeOf(hinge(yTrue, [0.5])).toEqualTypeOf<Result>();
    expectTypeOf(hinge(yTrue, 0.5)).toEqualTypeOf<Result>();
    expectTypeOf(hinge(yTrue, tensor([0.5]))).toEqualTypeOf<Result>();
    expectTypeOf(hinge(yTrue, tensor(new Uint16Array(1), [1], "bfloat16"))).toEqualTypeOf<
      Tensor<"bfloat16">
    >();
    expectTypeOf(hinge(yTrue, { data: doubles, shape: [1] })).toEqualTypeOf<Tensor<"float64">>();
  });

  test("follow from the option in classes", () => {
    const loss = new Hinge({ dtype: "float64", reduction: null });
    expectTypeOf(loss.value(yTrue, yPred)).toEqualTypeOf<Tensor<"float64">>();
    expectTypeOf(loss.dtype).toEqualTypeOf<"float64">();
    const mixed = new SquaredHinge({ dtype: "mixed_float16" });
    expectTypeOf(mixed.call(yTrue, yPred)).toEqualTypeOf<Tensor<"float16">>();
    expectTypeOf(new Hinge({ dtype: null }).dtype).toEqualTypeOf<FloatDtype>();
    // @ts-expect-error: nothing is computed in integers
    new Hinge({ dtype: "int32" });
  });

  test("are one of four where floatx() decides, and tell which array a result has", () => {
    const losses = new Hinge({ reduction: "none" }).value(yTrue, yPred);
    expectTypeOf(new Hinge().dtype).toEqualTypeOf<FloatDtype>();
    expectTypeOf(new metrics.Hinge().dtype).toEqualTypeOf<FloatDtype>();
    expectTypeOf(losses.dtype).toEqualTypeOf<FloatDtype>();
    if (losses.dtype === "float32") expectTypeOf(losses.data).toEqualTypeOf<Float32Array>();
    if (losses.dtype === "float64") expectTypeOf(losses.data).toEqualTypeOf<Float64Array>();
    expectTypeOf(losses).toExtend<Tensor<FloatDtype>>();
    expectTypeOf(losses).toExtend<Tensor>();
    expectTypeOf(losses).toExtend<TensorLike>();
  });

  test("are those of the arrays in tensors", () => {
    expectTypeOf(tensor(doubles)).toEqualTypeOf<Tensor<"float64">>();
    expectTypeOf(tensor(new Uint16Array(1)).dtype).toEqualTypeOf<"uint16">();
    expectTypeOf(tensor(new Uint8Array(1), [1], "bool")).toEqualTypeOf<Tensor<"bool">>();
  });
});

test("any loss is a Loss, and any metric a Metric", () => {
  const take = (loss: Loss) => loss.value(yTrue, yPred);
  expectTypeOf(take(new Hinge())).toEqualTypeOf<number | Result>();
  take(new Hinge({ reduction: "sum" }));
  take(new SquaredHinge({ reduction: null, dtype: "float64" }));
  take(new CategoricalHinge({ reduction: anyReduction, dtype: "mixed_float16" }));
  take(Hinge.fromConfig({ reduction: "mean" }));
  // @ts-expect-error: a function is none
  take(hinge);
  const sums = (loss: Loss<"sum">) => loss.value(yTrue, yPred);
  expectTypeOf(sums(new Hinge({ reduction: "sum" }))).toEqualTypeOf<number>();
  const mean = new Hinge();
  // @ts-expect-error: another reduction
  sums(mean);
  const exact = (loss: Loss<"none", "float64">) => loss.value(yTrue, yPred);
  expectTypeOf(exact(new Hinge({ reduction: "none", dtype: "float64" }))).toEqualTypeOf<
    Tensor<"float64">
  >();
  const read = (metric: metrics.Metric) => metric.result();
  read(new metrics.Hinge());
  read(new metrics.SquaredHinge({ dtype: "float64" }));
  class Mine extends Hinge<"sum"> {
    constructor() {
      super({ reduction: "sum" });
    }
  }
  expectTypeOf(new Mine().value(yTrue, yPred)).toEqualTypeOf<number>();
  take(new Mine());
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
    expectTypeOf(new Hinge().call(yTrue, yPred)).toEqualTypeOf<Result>();
    expectTypeOf(new Hinge({ reduction: "sum" }).call(yTrue, yPred)).toEqualTypeOf<Result>();
    expectTypeOf(new Hinge({ dtype: "float32" }).call(yTrue, yPred)).toEqualTypeOf<
      Tensor<"float32">
    >();
    expectTypeOf(hinge(yTrue, yPred)).toEqualTypeOf<Tensor<"float32">>();
    expectTypeOf(hinge(yTrue, yPred).data).toEqualTypeOf<Float32Array>();
    expectTypeOf(hinge(yTrue, yPred).shape).toEqualTypeOf<readonly number[]>();
  });
});

describe("gradients", () => {
  const doubles = Float64Array.of(0.5);

  test("come with a value of the reduction's type", () => {
    expectTypeOf(new Hinge().valueAndGradient(yTrue, yPred)).toEqualTypeOf<
      ValueAndGradient<number>
    >();
    expectTypeOf(new Hinge().valueAndGradient(yTrue, yPred).gradient).toEqualTypeOf<Result>();
    expectTypeOf(new Hinge({ reduction: "none" }).valueAndGradient(yTrue, yPred)).toEqualTypeOf<
      ValueAndGradient<Result>
    >();
    expectTypeOf(valueAndGradient(hinge, yTrue, yPred).value).toEqualTypeOf<Tensor<"float32">>();
  });

  test("are tensors of the loss's or the predictions' dtype", () => {
    expectTypeOf(new Hinge({ dtype: "float64" }).gradient(yTrue, yPred)).toEqualTypeOf<
      Tensor<"float64">
    >();
    expectTypeOf(gradient(hinge, yTrue, doubles)).toEqualTypeOf<Tensor<"float64">>();
    expectTypeOf(
      valueAndGradient(hinge, yTrue, doubles).gradient.data,
    ).toEqualTypeOf<Float64Array>();
  });

  test("take memory of their own dtype, and weights in classes alone", () => {
    new Hinge().gradient(yTrue, yPred, { out: yPred, sampleWeight: 2, mask: [true] });
    gradient(hinge, yTrue, doubles, { out: doubles });
    // Only when the loss is made floatx() tells.
    new Hinge().gradient(yTrue, yPred, { out: doubles });
    // @ts-expect-error: the loss is float32
    new Hinge({ dtype: "float32" }).gradient(yTrue, yPred, { out: doubles });
    // @ts-expect-error: nothing is computed in integers
    new Hinge().gradient(yTrue, yPred, { out: yTrue });
    // @ts-expect-error: the predictions are float32
    gradient(hinge, yTrue, yPred, { out: doubles });
    // @ts-expect-error: no weights
    gradient(hinge, yTrue, yPred, { sampleWeight: 2 });
    // @ts-expect-error: a loss of a row comes first
    gradient(yTrue, yPred);
  });
});

describe("calls off the event loop", () => {
  const loss = new Hinge({ dtype: "float32" });
  const losses = new SquaredHinge({ reduction: null, dtype: "float64" });

  test("promise what the others give", () => {
    expectTypeOf(loss.valueAsync(yTrue, yPred)).toEqualTypeOf<Promise<number>>();
    expectTypeOf(losses.valueAsync(yTrue, yPred)).toEqualTypeOf<Promise<Tensor<"float64">>>();
    expectTypeOf(loss.callAsync(yTrue, yPred)).toEqualTypeOf<Promise<Tensor<"float32">>>();
    expectTypeOf(losses.gradientAsync(yTrue, yPred)).toEqualTypeOf<Promise<Tensor<"float64">>>();
    expectTypeOf(loss.valueAndGradientAsync(yTrue, yPred)).toEqualTypeOf<
      Promise<ValueAndGradient<number, "float32">>
    >();
    expectTypeOf(new Hinge().callAsync(yTrue, yPred)).toEqualTypeOf<Promise<Result>>();
    expectTypeOf(callAsync(hinge, yTrue, yPred)).toEqualTypeOf<Promise<Tensor<"float32">>>();
    expectTypeOf(callAsync(hinge, yTrue, [0.5])).toEqualTypeOf<Promise<Result>>();
    expectTypeOf(gradientAsync(hinge, yTrue, yPred)).toEqualTypeOf<Promise<Tensor<"float32">>>();
    expectTypeOf(valueAndGradientAsync(hinge, yTrue, yPred)).toEqualTypeOf<
      Promise<ValueAndGradient<Tensor<"float32">, "float32">>
    >();
  });

  test("give back with `transfer` what was moved", () => {
    const transfer = true;
    expectTypeOf(loss.valueAsync(yTrue, yPred, { transfer })).toEqualTypeOf<
      Promise<{ readonly value: number } & TransferredInputs>
    >();
    expectTypeOf(losses.callAsync(yTrue, yPred, { transfer })).toEqualTypeOf<
      Promise<{ readonly value: Tensor<"float64"> } & TransferredInputs>
    >();
    expectTypeOf(loss.gradientAsync(yTrue, yPred, { transfer })).toEqualTypeOf<
      Promise<{ readonly gradient: Tensor<"float32"> } & TransferredInputs>
    >();
    expectTypeOf(loss.valueAndGradientAsync(yTrue, yPred, { transfer })).toEqualTypeOf<
      Promise<ValueAndGradient<number, "float32"> & TransferredInputs>
    >();
    expectTypeOf(callAsync(hinge, yTrue, yPred, { transfer })).toEqualTypeOf<
      Promise<{ readonly value: Tensor<"float32"> } & TransferredInputs>
    >();
    expectTypeOf(gradientAsync(hinge, yTrue, yPred, { transfer })).toEqualTypeOf<
      Promise<{ readonly gradient: Tensor<"float32"> } & TransferredInputs>
    >();
    expectTypeOf(loss.valueAsync(yTrue, yPred, { transfer: false })).toEqualTypeOf<
      Promise<number>
    >();
  });

  test("are either where it is not known whether arrays move", () => {
    expectTypeOf(loss.valueAsync(yTrue, yPred, { transfer: anyTransfer })).toEqualTypeOf<
      Promise<number | ({ readonly value: number } & TransferredInputs)>
    >();
  });

  test("take the others' options too, and a signal", () => {
    loss.valueAsync(yTrue, yPred, { signal, sampleWeight: 2, mask: [true] });
    loss.gradientAsync(yTrue, yPred, { signal, transfer: true, out: yPred });
    callAsync(hinge, yTrue, yPred, { out: yPred });
    // @ts-expect-error: the loss is float64
    losses.callAsync(yTrue, yPred, { out: yPred });
    // @ts-expect-error: a number needs no memory
    loss.valueAsync(yTrue, yPred, { out: yPred });
    // @ts-expect-error: no signal
    loss.valueAsync(yTrue, yPred, { signal: "stop" });
    // @ts-expect-error: a list of buffers is what postMessage takes
    loss.valueAsync(yTrue, yPred, { transfer: [yPred.buffer] });
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
    // @ts-expect-error: no typed array
    hinge(new DataView(new ArrayBuffer(1)), yPred);
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
  expectTypeOf(backend().name).toEqualTypeOf<"native" | "wasm" | "js">();
  expectTypeOf(backend().kernel).toEqualTypeOf<string | null>();
});

test("import and require name the same classes", () => {
  // A class with private fields takes no other class for itself, whatever its members are.
  expectTypeOf<required.Hinge>().toExtend<Hinge>();
  expectTypeOf<Hinge>().toExtend<required.Hinge>();
  expectTypeOf<required.metrics.Hinge>().toExtend<metrics.Hinge>();
});
