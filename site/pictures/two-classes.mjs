// Losses and derivatives of a value by the product of its label and its prediction.
import { gradient, hinge, modifiedHuber, squaredHinge, tensor } from "../../dist/esm/index.js";
import { lineChart } from "./lines.mjs";
import { steps } from "./steps.mjs";

const losses = {
  hinge,
  "squared hinge": squaredHinge,
  "modified Huber": modifiedHuber,
};

const products = steps(-2, 3, 0.02);
/** A value in a row of its own, whose label is 1. */
const column = (numbers) => tensor(Float64Array.from(numbers), [numbers.length, 1]);
const yTrue = column(products.map(() => 1));
const yPred = column(products);

const rowsOf = (series, name, { data }) =>
  products.map((product, i) => ({ ...series, product, [name]: data[i] }));

/** Returns the losses of values. */
export const lossRows = () =>
  Object.entries(losses).flatMap(([loss, of]) => rowsOf({ loss }, "value", of(yTrue, yPred)));

/** Returns the derivatives of these losses. */
export const derivativeRows = () =>
  Object.entries(losses).flatMap(([loss, of]) =>
    rowsOf({ loss }, "derivative", gradient(of, yTrue, yPred)),
  );

/** Returns the hinge losses of values for several margins. */
export const marginRows = () =>
  [0, 0.5, 1, 2].flatMap((margin) =>
    rowsOf({ margin: `margin ${margin}` }, "value", hinge(yTrue, yPred, { margin })),
  );

/** Returns a chart over the product. */
export const chartOverProduct = ({ series, y }, rows) =>
  lineChart(
    {
      series,
      x: { field: "product", title: "product of label (−1 or 1) and score" },
      y,
    },
    rows,
  );
