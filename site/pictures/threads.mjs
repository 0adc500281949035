import { lineChart } from "./lines.mjs";
import { measured, origin } from "./measured.mjs";
import { padding } from "./style.mjs";

/** A million values have one significant digit, and so have whole rows of about as many. */
const sizeOf = (values) => `${Number(values.toPrecision(2)).toLocaleString("en")} values`;

function spec(rows) {
  const shown = rows.map((row) => ({ ...row, size: sizeOf(row.values) }));
  const counts = [...new Set(rows.map(({ threads }) => threads))];
  const ideal = counts.map((threads) => ({ threads, speedup: threads }));
  const axes = {
    series: "size",
    x: {
      field: "threads",
      axis: { title: "threads", tickMinStep: 1 },
      scale: { nice: false, zero: false },
    },
    y: { field: "speedup", axis: { title: "times as fast as one thread" } },
  };
  const { width, height, mark, encoding } = lineChart(axes, shown);
  return {
    width,
    height,
    // Its subtitle has three lines.
    padding: { ...padding, top: padding.top + 36 },
    layer: [
      {
        data: { values: ideal },
        mark: { type: "line", color: "#8c959f", strokeWidth: 1.5 },
        encoding: { x: encoding.x, y: encoding.y },
      },
      { data: { values: shown }, mark, encoding },
    ],
  };
}

/** @type {import("./picture.mjs").Picture} */
export const threads = {
  name: "threads",
  title: "Speed by the number of threads",
  subtitle: (rows) => {
    const [machine, date] = origin(rows);
    return ["Mean of hinge, float32, rows of 64. Grey: ideal", machine, date];
  },
  description:
    "The mean of hinge for float32 labels and predictions, for batches of four sizes, from a hundred " +
    "thousand values. A line for each shows how many times as fast as one thread it is, beside the " +
    "ideal straight line.",
  rows: () => measured("threads", ["values", "threads", "nanoseconds", "speedup"]),
  isMeasured: true,
  spec,
};
