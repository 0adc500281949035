// Every pair of dtypes, with weights and masks, has the same bits on all implementations.
import { setBackend } from "maxmargin";
import { afterAll, describe, expect, test } from "vitest";
import { dtypes } from "./support/data.js";
import { pairOf, styles } from "./support/parity.js";
import { unlikeJs } from "./support/unlike-js.js";

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
    expect(unlikeJs(batches).slice(0, 10)).toEqual([]);
  });
});
