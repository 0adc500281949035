// Class ids: refused where one-hot labels are expected, and converted by oneHot.
import {
  CategoricalHinge,
  callAsync,
  categoricalHinge,
  column,
  gradient,
  Hinge,
  hinge,
  metrics,
  oneHot,
  type TensorLike,
  tensor,
  valueAndGradient,
} from "maxmargin";
import { describe, expect, test } from "vitest";
import { forEachImplementation } from "./support/implementations.js";
import { reductions } from "./support/losses.js";

/** Passes a value that no type allows. */
const wrong = <T = never>(value: unknown) => value as T;

const zeros = (shape: readonly number[]) =>
  tensor(new Float32Array(shape.reduce((n, dimension) => n * dimension, 1)), shape);

forEachImplementation(() => {
  const ids: ReadonlyArray<readonly [labels: number[], predictions: number[]]> = [
    [[3], [3, 3]],
    [
      [3, 1],
      [3, 3],
    ],
    [[5], [5, 3]],
    [
      [5, 1],
      [5, 3],
    ],
    [[], [5, 3]],
    [[], [3]],
    [[1], [3]],
    [
      [1, 1],
      [5, 3],
    ],
    [
      [2, 2],
      [2, 2, 2],
    ],
    [
      [4, 2],
      [4, 2, 3],
    ],
    [
      [4, 2, 1],
      [4, 2, 3],
    ],
    [
      [2, 1],
      [4, 2, 3],
    ],
    [[0], [0, 3]],
  ];

  test.each(ids)("labels of shape %j are refused beside %j", async (own, shape) => {
    const [yTrue, yPred] = [zeros(own), zeros(shape)];
    const message =
      `yTrue: expected one-hot labels of shape [${shape.join(", ")}]; ` +
      `for class ids set labels: "sparse", received shape [${own.join(", ")}]`;
    const calls = [
      () => categoricalHinge(yTrue, yPred),
      () => categoricalHinge(yTrue, yPred, { out: new Float32Array(9) }),
      () => gradient(categoricalHinge, yTrue, yPred),
      () => valueAndGradient(categoricalHinge, yTrue, yPred),
      ...reductions.flatMap((reduction) => {
        const loss = new CategoricalHinge({ reduction });
        return [
          () => loss.value(yTrue, yPred),
          () => loss.value(yTrue, yPred, { sampleWeight: 2 }),
          () => loss.call(yTrue, yPred),
          () => loss.gradient(yTrue, yPred),
        ];
      }),
      () => new metrics.CategoricalHinge().updateState(yTrue, yPred),
    ];
    for (const call of calls) expect(call).toThrow(new RangeError(message));
    const loss = new CategoricalHinge();
    for (const promise of [
      callAsync(categoricalHinge, yTrue, yPred),
      loss.valueAsync(yTrue, yPred),
      loss.gradientAsync(yTrue, yPred),
    ]) {
      await expect(promise).rejects.toThrow(new RangeError(message));
    }
  });

  test("class ids in nested lists are refused", () => {
    const yPred = [
      [0.5, 1, -0.5],
      [0.25, 0, 2],
      [1, 1, 1],
    ];
    for (const yTrue of [[0, 1, 2], [[0], [1], [2]], 1]) {
      expect(() => new CategoricalHinge().value(yTrue, yPred)).toThrow(
        /for class ids set labels: "sparse"/,
      );
    }
    expect(new CategoricalHinge().value(oneHot([0, 1, 2], 3), yPred)).toBe(
      new CategoricalHinge().value(
        [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ],
        yPred,
      ),
    );
  });

  const others: ReadonlyArray<readonly [labels: number[], predictions: number[]]> = [
    [[3], [3]],
    [[1], [1]],
    [[], []],
    [[3], [5, 3]],
    [
      [1, 3],
      [5, 3],
    ],
    [[5, 3], [3]],
    [[5, 3], [1]],
    [
      [5, 3],
      [5, 1],
    ],
    [
      [5, 1],
      [5, 1],
    ],
    [
      [3, 3],
      [3, 3],
    ],
    [
      [5, 3, 2],
      [3, 2],
    ],
  ];

  test.each(others)("labels of shape %j are one-hot beside %j", (own, shape) => {
    const losses = categoricalHinge(zeros(own), zeros(shape));
    expect([...losses.data]).toEqual(new Array(losses.data.length).fill(1));
  });

  test("one label per row is accepted for one class, and by the other losses", () => {
    expect(new CategoricalHinge().value([[1], [1]], [[2], [0]])).toBe(0.5);
    expect(new Hinge().value(Float32Array.of(1, -1), zeros([2, 1]))).toBe(1);
    expect(hinge(zeros([3]), zeros([3, 3])).shape).toEqual([3]);
  });
});

describe("oneHot", () => {
  test("writes a 1 for the class of each id", () => {
    const labels = oneHot([2, 0, 1, 1], 3);
    expect(labels.dtype).toBe("int8");
    expect(labels.data).toBeInstanceOf(Int8Array);
    expect(labels.toArray()).toEqual([
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
      [0, 1, 0],
    ]);
  });

  const ids: Readonly<Record<string, TensorLike>> = {
    numbers: [1, 0],
    bigints: [1n, 0n],
    booleans: [true, false],
    Uint8Array: Uint8Array.of(1, 0),
    Int32Array: Int32Array.of(1, 0),
    BigInt64Array: BigInt64Array.of(1n, 0n),
    BigUint64Array: BigUint64Array.of(1n, 0n),
    Uint16Array: Uint16Array.of(1, 0),
    Float64Array: Float64Array.of(1, -0),
    float16: tensor(Uint16Array.of(0x3c00, 0), [2], "float16"),
    "a strided object": { data: Int32Array.of(0, 9, 1), shape: [2], stride: [-2], offset: 2 },
    "one per row": [[1], [0]],
    "a column": column(Int32Array.of(1, 0)),
  };

  test.each(Object.entries(ids))("reads %s", (_, each) => {
    expect(oneHot(each, 2).shape).toEqual([2, 2]);
    expect(oneHot(each, 2).toArray()).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  test("adds an axis to any shape", () => {
    expect(oneHot([[0, 1, 1]], 2).shape).toEqual([1, 3, 2]);
    expect(oneHot(1, 2).toArray()).toEqual([0, 1]);
    expect(oneHot([1], 2).shape).toEqual([1, 2]);
    expect(oneHot([[[1]]], 2).shape).toEqual([1, 1, 2]);
    expect(oneHot([], 2).shape).toEqual([0, 2]);
    expect(oneHot([0, 0], 1).toArray()).toEqual([[1], [1]]);
  });

  test("names the first invalid id, and its index", () => {
    const of = (given: TensorLike, place: string, received: string) =>
      expect(() => oneHot(given, 3)).toThrow(
        new RangeError(`ids${place}: expected a class id from 0 to 2, received ${received}`),
      );
    of([0, 3, 4], "[1]", "3");
    of(Int8Array.of(0, 0, -1), "[2]", "-1");
    of(
      [
        [0, 1],
        [2, 1.5],
      ],
      "[1][1]",
      "1.5",
    );
    of([NaN], "[0]", "NaN");
    of([[0], [7]], "[1][0]", "7");
    of(BigInt64Array.of(2n ** 62n), "[0]", "4611686018427388000");
    of(3, "", "3");
    of(Float32Array.of(Infinity), "[0]", "Infinity");
  });

  test("refuses an invalid number of classes, and invalid ids", () => {
    for (const classes of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => oneHot([0], classes)).toThrow(
        new RangeError(`classes: expected an integer from 1, received ${classes}`),
      );
    }
    for (const classes of ["3", null, undefined, 3n]) {
      expect(() => oneHot([0], wrong<number>(classes))).toThrow(/^classes: expected a number/);
    }
    expect(() => oneHot(wrong<TensorLike>("01"), 2)).toThrow(/^ids: received "01"; expected/);
  });
});

describe("column", () => {
  test("gives each sample one score", () => {
    const scores = Float32Array.of(0.5, -2);
    const yPred = column(scores);
    expect([yPred.shape, yPred.dtype]).toEqual([[2, 1], "float32"]);
    expect(yPred.data).toBe(scores);
    expect(new Hinge().value(column([1, -1]), yPred)).toBe(0.25);
  });

  test("reads what tensor() reads", () => {
    for (const data of [
      [1, 2],
      Float64Array.of(1, 2),
      tensor([1, 2]),
      { data: [1, 2], shape: [2] },
      { data: Int8Array.of(2, 1), shape: [2], strides: [-1], offset: 1 },
    ]) {
      expect(column(data).toArray()).toEqual([[1], [2]]);
    }
    expect(column(new Float32Array(0)).shape).toEqual([0, 1]);
    expect(column(tensor(Uint16Array.of(0x3c00), [1], "float16")).dtype).toBe("float16");
  });

  test("refuses tensors with more or fewer axes than one", () => {
    for (const [data, shape] of [
      [1, "[]"],
      [[[1, 2]], "[1, 2]"],
      [[[1], [2]], "[2, 1]"],
    ] as const) {
      expect(() => column(data)).toThrow(
        new RangeError(`data: expected one axis, received shape ${shape}`),
      );
    }
    expect(() => column(wrong<TensorLike>(null))).toThrow(/^data: received null; expected/);
  });
});
