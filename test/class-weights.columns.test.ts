// Weights of two classes, and ignored rows, where a row has one label of -1 and 1, or of 0 and 1.
import { tensor } from "maxmargin";
import { describe, expect, test } from "vitest";
import { bitsOfAll, otherBits, otherWeightedBits } from "./support/class-batches.js";
import { writtenEncoding } from "./support/class-labels.js";
import { forEachImplementation } from "./support/implementations.js";
import { type AnyLossName, lossNames, makeLoss } from "./support/losses.js";

const elementwise = lossNames.filter((name) => writtenEncoding(name) === "signed");

forEachImplementation(() => {
  describe.each(elementwise)("one label a row of %s", (loss: AnyLossName) => {
    const values = [0.5, -2, 0.25, 3, -0.75, 1];
    const yPred = tensor(Float32Array.from(values), [6, 1]);
    const results = (options: object, labels: readonly number[], weighting = {}) =>
      bitsOfAll(loss, options, tensor(Float64Array.from(labels), [6, 1]), yPred, weighting);
    const mask = tensor(Uint8Array.of(1, 0, 1, 1, 0, 1), [6], "bool");

    test.each([
      ["signed", [-1, 1, 1, -1, 1, 1], [-1, 1, 1, -1, 1, 1]],
      ["binary", [0, 1, 1, 0, 1, 1], [0, 1, 1, 0, 1, 1]],
      ["auto", [0, 1, 1, 0, 1, 1], [0, 1, 1, 0, 1, 1]],
      ["auto", [-1, 1, 1, -1, 1, 1], [-1, 1, 1, -1, 1, 1]],
      ["sparse", [0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]],
    ] as const)("%s labels %j", (encoding, labels, plain) => {
      for (const ignored of [-100, 255, 0.5, Infinity, 7]) {
        const own = labels.map((label, row) => (row === 1 || row === 4 ? ignored : label));
        const all = results({ labels: encoding, ignoreClass: ignored }, own);
        const expected = results({ labels: encoding }, plain, { mask });
        expect(otherWeightedBits(all, expected), `${ignored}`).toEqual([]);
      }
    });

    test("labels of -1, 0 and 1 of which -1 is ignored are 0 and 1", () => {
      const own = [0, -1, 1, 0, -1, 1];
      for (const encoding of ["auto", "binary"]) {
        const all = results({ labels: encoding, ignoreClass: -1 }, own);
        const expected = results({ labels: encoding }, [0, 1, 1, 0, 0, 1], { mask });
        expect(otherWeightedBits(all, expected)).toEqual([]);
      }
      // Without it, 0 stays 0, and is an error as a binary label.
      const auto = results({ labels: "auto" }, own);
      expect(otherBits(auto, results({ labels: "signed" }, own))).toEqual([]);
    });

    test("ignored labels may be classes", () => {
      for (const ignored of [0, 1]) {
        const own = [0, 1, 1, 0, 1, 0];
        const kept = tensor(
          Uint8Array.from(own, (label) => Number(label !== ignored)),
          [6],
          "bool",
        );
        // The others are 0 or 1 alone.
        const all = results({ labels: "auto", ignoreClass: ignored }, own);
        const expected = results({ labels: "auto" }, own, { mask: kept });
        expect(otherWeightedBits(all, expected)).toEqual([]);
      }
    });

    test("the first weight is that of -1 or 0, and the second that of 1", () => {
      const signs = [-1, 1, 1, -1, 1, 1];
      const binary = [0, 1, 1, 0, 1, 1];
      const sampleWeight = tensor(
        Float32Array.from(binary, (label) => [0.5, 4][label]),
        [6],
      );
      for (const [encoding, labels] of [
        ["signed", signs],
        ["binary", binary],
        ["auto", signs],
        ["auto", binary],
      ] as const) {
        const own = results({ labels: encoding, classWeight: [0.5, 4] }, labels);
        const expected = results({ labels: encoding }, labels, { sampleWeight });
        expect(otherWeightedBits(own, expected), encoding).toEqual([]);
      }
      // Zeros among signs are used unchanged, and have the first weight.
      const mixed = [-1, 0, 1, 0, -1, 1];
      const weights = tensor(
        Float32Array.from(mixed, (label) => (label > 0 ? 4 : 0.5)),
        [6],
      );
      const own = results({ classWeight: [0.5, 4] }, mixed);
      const expected = results({}, mixed, { sampleWeight: weights });
      expect(otherWeightedBits(own, expected)).toEqual([]);
    });

    test("ids have one class, and other labels have two", () => {
      const own = makeLoss(loss, { labels: "sparse", classWeight: [3], reduction: "sum" });
      const plain = makeLoss(loss, { labels: "sparse", reduction: "sum" });
      const zeros = new Int8Array(6);
      expect(own.value(zeros, yPred)).toBeCloseTo(3 * (plain.value(zeros, yPred) as number), 4);
      expect(() =>
        makeLoss(loss, { labels: "auto", classWeight: [3] }).value([[1]], [[1]]),
      ).toThrow(
        "classWeight: expected 2 numbers, one for each class: for -1 or 0, and for 1, received 1",
      );
    });

    test("a label that has no weight", () => {
      const own = makeLoss(loss, { classWeight: [1, 2] });
      for (const label of [2, 0.5, -2, Number.NaN]) {
        expect(() => own.value([[1], [label], [9]], [[1], [1], [1]])).toThrow(
          new RangeError(
            `yTrue[1][0]: expected -1, 0 or 1, each of which has a weight, received ${label}`,
          ),
        );
      }
    });

    test("long columns, of which few rows at the ends are ignored", () => {
      const rows = 20_000;
      const scores = tensor(
        Float32Array.from({ length: rows }, (_, i) => ((i % 251) - 125) / 50),
        [rows, 1],
      );
      for (const places of [[0], [rows - 1], [0, 1, 2, 3, 4, 5, 6, 7, 8], [8192], [rows / 2]]) {
        const labels = Int16Array.from({ length: rows }, (_, i) => Number(i % 3 === 0));
        const others = labels.slice();
        const counts = new Uint8Array(rows).fill(1);
        for (const place of places) {
          labels[place] = -100;
          counts[place] = 0;
        }
        const own = makeLoss(loss, { ignoreClass: -100 });
        const expected = makeLoss(loss, {});
        expect(own.value(tensor(labels, [rows, 1]), scores)).toBe(
          expected.value(tensor(others, [rows, 1]), scores, {
            mask: tensor(counts, [rows], "bool"),
          }),
        );
      }
    });
  });
});
