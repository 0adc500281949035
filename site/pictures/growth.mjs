import { measured, origin } from "./measured.mjs";
import { colours, dashes, width } from "./style.mjs";

const results = {
  mean: "value",
  rows: "rows, with out",
  gradient: "gradient, with out",
};

/** A label of an axis of nanoseconds. */
const timeLabel = [
  "datum.value < 1e3 ? format(datum.value, '~r') + ' ns'",
  "datum.value < 1e6 ? format(datum.value / 1e3, '~r') + ' µs'",
  "datum.value < 1e9 ? format(datum.value / 1e6, '~r') + ' ms'",
  "format(datum.value / 1e9, '~r') + ' s'",
].join(" : ");

const powersOfTen = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i));

const logarithmic = { type: "log", nice: false };

const x = {
  field: "values",
  type: "quantitative",
  scale: logarithmic,
  axis: {
    title: "values in the batch",
    values: powersOfTen(2, 9),
    labelExpr: "'1e' + round(log(datum.value) / LN10)",
  },
};

const series = {
  color: {
    field: "shown",
    type: "nominal",
    legend: { columns: 1 },
    scale: { domain: Object.values(results), range: colours.slice(0, 3) },
  },
  strokeDash: {
    field: "implementation",
    type: "nominal",
    legend: { columns: 1 },
    scale: {
      domain: ["maxmargin", "plain loop"],
      range: [dashes[0], dashes[1]],
    },
  },
};

const panel = (y, height) => ({
  width,
  height,
  mark: { type: "line" },
  encoding: {
    x,
    y: { type: "quantitative", scale: logarithmic, ...y },
    ...series,
  },
});

const spec = () => ({
  transform: [
    { calculate: `${JSON.stringify(results)}[datum.result]`, as: "shown" },
    { calculate: "datum.nanoseconds / datum.values", as: "perValue" },
  ],
  vconcat: [
    panel(
      {
        field: "nanoseconds",
        axis: {
          title: "time of a call",
          values: powersOfTen(1, 11),
          labelExpr: timeLabel,
        },
      },
      280,
    ),
    panel(
      {
        field: "perValue",
        axis: { title: "nanoseconds per value", values: powersOfTen(-2, 2) },
      },
      200,
    ),
  ],
  spacing: 28,
  // Only this sizes charts one above the other.
  autosize: "pad",
  padding: 16,
});

/** @type {import("./picture.mjs").Picture} */
export const growth = {
  name: "growth",
  title: "Time of a call",
  subtitle: (rows) => ["Hinge, int8 labels, rows of 10, all threads", ...origin(rows)],
  description:
    "Hinge of int8 labels and float32 predictions in rows of 10, with all threads, beside the " +
    "fastest plain loop. Above some hundred values the time of a call grows with the number of " +
    "values; below, it is constant.",
  rows: () => measured("growth", ["values", "nanoseconds"]),
  isMeasured: true,
  spec,
};
