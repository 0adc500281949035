// Class ids give the bits that the same labels give one-hot, or as -1 and 1.
import { availableParallelism } from "node:os";
import { setBackend, setNumThreads } from "maxmargin";
import { afterAll, describe, expect, test } from "vitest";
import {
  bitsOfAll,
  type ClassBatch,
  classBatch,
  idsOf,
  otherBits,
  parametersAt,
  scoreKinds,
} from "./support/class-batches.js";
import { written, writtenEncoding } from "./support/class-labels.js";
import { floatDtypes, generator, seed } from "./support/data.js";
import { force, forEachImplementation, implementations } from "./support/implementations.js";
import { type AnyLossName, allLossNames } from "./support/losses.js";

const idDtypes = [
  ...(["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"] as const),
  ...(["float32", "float64", "float16"] as const),
] as const;

const kinds = Object.keys(scoreKinds);

/** What class ids give otherwise than labels that are written out. */
function differences(
  loss: AnyLossName,
  batch: ClassBatch,
  parameters: object,
  idDtype: (typeof idDtypes)[number] = "int32",
): string[] {
  const { ids, shape, yPred } = batch;
  const options = { dtype: yPred.dtype, ...parameters };
  const sparse = { ...options, labels: "sparse" };
  const own = bitsOfAll(loss, sparse, idsOf(batch, idDtype), yPred);
  const encoding = { ...options, labels: writtenEncoding(loss) };
  const others = bitsOfAll(loss, encoding, written(loss, ids, shape), yPred);
  return otherBits(own, others).map(
    (name) => `${name}: ${batch.title}, ${idDtype}, ${JSON.stringify(parameters)}`,
  );
}

/** As many rows as a width lets be: a prime number beside it, up to 40. */
const rowsBeside = (width: number, i: number) =>
  Math.max(1, Math.min(1 + ((i * 7) % 40), Math.floor(40_000 / width)));

const widths = [...Array.from({ length: 70 }, (_, i) => i + 1), 129, 1000, 8192, 8193, 20_000];

describe(`class ids and labels written out, seed ${seed}`, () => {
  forEachImplementation(() => {
    describe.each(allLossNames)("%s", (loss) => {
      test.each(["float32", "float64"] as const)("rows of every width, %s", (dtype) => {
        const random = generator(31);
        const found = widths.flatMap((width, i) => {
          const kind = kinds[(i * 5) % kinds.length];
          const batches = [kind, "ordinary"].map((each) =>
            classBatch(each, dtype, [rowsBeside(width, i), width], random),
          );
          return batches.flatMap((batch) => differences(loss, batch, parametersAt(loss, i)));
        });
        expect(found).toEqual([]);
      });

      test("every number of rows", () => {
        const random = generator(32);
        const found = Array.from({ length: 40 }, (_, i) => i + 1).flatMap((rows) =>
          [1, 3, 10, 64].flatMap((width, i) => {
            const batch = classBatch("ties", "float32", [rows, width], random);
            return differences(loss, batch, parametersAt(loss, rows + i));
          }),
        );
        expect(found).toEqual([]);
      });

      test("every dtype", () => {
        const random = generator(33);
        let i = 0;
        const found = floatDtypes.flatMap((dtype) =>
          idDtypes.flatMap((idDtype) =>
            [
              [11, 5],
              [4, 65],
              [2, 3, 4],
            ].flatMap((shape) => {
              const batch = classBatch(kinds[i++ % kinds.length], dtype, shape, random);
              return differences(loss, batch, parametersAt(loss, i), idDtype);
            }),
          ),
        );
        expect(found).toEqual([]);
      });

      test.each(kinds)("%s", (kind) => {
        const random = generator(34);
        const shapes = [
          [1, 1],
          [5, 1],
          [7, 2],
          [40, 3],
          [9, 8],
          [17, 10],
          [6, 33],
          [9, 65],
          [1, 5],
        ];
        const found = floatDtypes.flatMap((dtype) =>
          shapes.flatMap((shape, i) => {
            const batch = classBatch(kind, dtype, shape, random);
            const all = [i, i + 5].map((at) => parametersAt(loss, at));
            return all.flatMap((parameters) => differences(loss, batch, parameters));
          }),
        );
        const long = (["float32", "float64"] as const).flatMap((dtype) =>
          [
            [1, 130],
            [2, 8193],
          ].flatMap((shape, i) => {
            const batch = classBatch(kind, dtype, shape, random);
            return differences(loss, batch, parametersAt(loss, 2 * i + kinds.indexOf(kind)));
          }),
        );
        expect(long).toEqual([]);
        expect(found).toEqual([]);
      });
    });
  });
});

describe("kernels and JavaScript give the same bits", () => {
  afterAll(() => {
    setBackend("auto");
    setNumThreads(availableParallelism());
  });
  const native = implementations.filter((name) => name !== "js");
  const large = [
    [22_000, 3],
    [70_001, 1],
    [2500, 33],
    [70, 1000],
    [9, 8193],
    [4, 20_000],
  ];
  const small = [
    [7, 1],
    [40, 3],
    [17, 10],
    [31, 64],
    [5, 129],
    [3, 2, 5],
  ];

  test.each(allLossNames)("%s", (loss) => {
    const random = generator(35);
    const batches = [
      ...large.map((shape, i) => [kinds[i], shape] as const),
      ...kinds.flatMap((kind) => small.map((shape) => [kind, shape] as const)),
    ].map(([kind, shape], i) => {
      const batch = classBatch(kind, i % 3 === 2 ? "float64" : "float32", shape, random);
      return { batch, parameters: parametersAt(loss, i) };
    });
    for (const { batch, parameters } of batches) {
      const { ids, shape, yPred } = batch;
      const isLarge = large.includes(shape as number[]);
      const options = { dtype: yPred.dtype, ...parameters };
      const bits = () => [
        bitsOfAll(loss, { ...options, labels: "sparse" }, idsOf(batch), yPred),
        bitsOfAll(
          loss,
          { ...options, labels: writtenEncoding(loss) },
          written(loss, ids, shape),
          yPred,
        ),
      ];
      force("js");
      const [sparse, other] = bits();
      for (const kernel of native) {
        force(kernel);
        for (const threads of isLarge ? [1, 2] : [1]) {
          setNumThreads(threads);
          const own = bits();
          const where = `${kernel} × ${threads}, ${batch.title}`;
          expect(otherBits(sparse, own[0]), where).toEqual([]);
          expect(otherBits(other, own[1]), where).toEqual([]);
        }
      }
    }
  });
});
