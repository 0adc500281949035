// Every pair of dtypes, with weights and masks, has the same bits on all implementations.
import { setBackend } from "maxmargin";
import { afterAll, describe, expect, test } from "vitest";
import { dtypes } from "./support/data.js";
import { force, implementations } from "./support/implementations.js";
import { bytesOfAll, pairOf, styles } from "./support/parity.js";

afterAll(() => setBackend("auto"));

const shapes = [
  [1, 7],
  [9, 1],
  [11, 3],
  [5, 64],
  [2, 65],
];

describe.each(dtypes)("%s predictions", (predictions) => {
  test.each(dtypes)("%s labels", (labels) => {
    const batches = shapes.flatMap((shape) =>
      styles.map((style) => pairOf(labels, predictions, shape, style)),
    );
    batches.push(pairOf(labels, predictions, [1, 8200], styles[0]));
    force("js");
    const expected = batches.map(bytesOfAll);
    expect(expected.every(({ length }) => length > 100)).toBe(true);
    const wrong: string[] = [];
    for (const kernel of implementations.filter((implementation) => implementation !== "js")) {
      force(kernel);
      for (const [i, batch] of batches.entries()) {
        if (!bytesOfAll(batch).equals(expected[i])) wrong.push(`${batch.title}, ${kernel}`);
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
  });
});
