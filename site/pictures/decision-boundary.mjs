import { tasks, train } from "../../examples/training.js";
import { colours, width } from "./style.mjs";

/** The two features of a row: the largest radius, and the largest concave part of the outline. */
const features = ["feature_20", "feature_27"];
const [task] = tasks.filter(({ file }) => file.name === "breast_cancer.csv");
const twoFeatures = { ...task, file: { ...task.file, features } };

/** The lines on which the decision value is 0, and on which the margin ends. */
const levels = { boundary: 0, "margin, benign": 1, "margin, malignant": -1 };
const axis = { from: -3, to: 5 };

/** Four decimals are more than a pixel. */
const rounded = (value) => Number(value.toFixed(4));

/** Returns the ends of the line on which a classifier has a value. */
function lineAt(value, { weights: { data } }) {
  const [byX, byY, constant] = data;
  return [axis.from, axis.to].map((radius) => ({
    radius,
    concavity: rounded((value - constant - byX * radius) / byY),
  }));
}

async function rows() {
  const { classifier, features, classes } = await train(twoFeatures, () => {});
  const points = classes.map((label, row) => ({
    series: label === 1 ? "benign" : "malignant",
    radius: rounded(features.data[3 * row]),
    concavity: rounded(features.data[3 * row + 1]),
  }));
  const lines = Object.entries(levels).flatMap(([series, value]) =>
    lineAt(value, classifier).map((point) => ({ series, ...point })),
  );
  return [...points, ...lines];
}

const scale = { domain: [axis.from, axis.to], nice: false };
const x = {
  field: "radius",
  scale,
  title: "largest radius (standard deviations from its mean)",
};
const y = {
  field: "concavity",
  scale,
  title: "largest concave part (standard deviations)",
};
const quantitative = {
  x: { type: "quantitative", ...x },
  y: { type: "quantitative", ...y },
};

function spec(all) {
  const lines = Object.keys(levels);
  const seriesIn = (names) => all.filter(({ series }) => names.includes(series));
  const classes = ["benign", "malignant"];
  const ofClass = { field: "series", type: "nominal" };
  const legend = { columns: 1, symbolSize: 80 };
  return {
    width,
    height: width,
    layer: [
      {
        data: { values: seriesIn(classes) },
        mark: { type: "point", size: 36, strokeWidth: 1.5, clip: true },
        encoding: {
          ...quantitative,
          color: {
            ...ofClass,
            legend,
            scale: { domain: classes, range: colours.slice(0, 2) },
          },
          shape: {
            ...ofClass,
            legend,
            scale: { domain: classes, range: ["circle", "triangle-up"] },
          },
        },
      },
      {
        data: { values: seriesIn(lines) },
        mark: { type: "line", clip: true, color: "#1f2328" },
        encoding: {
          ...quantitative,
          detail: ofClass,
          strokeDash: {
            field: "line",
            type: "nominal",
            legend: { columns: 1 },
            scale: {
              domain: ["decision value 0", "decision value −1 and 1"],
              range: [
                [1, 0],
                [6, 4],
              ],
            },
          },
        },
        transform: [
          {
            calculate:
              "datum.series === 'boundary' ? 'decision value 0' : 'decision value −1 and 1'",
            as: "line",
          },
        ],
      },
    ],
    resolve: { scale: { color: "independent", shape: "independent" } },
  };
}

/** @type {import("./picture.mjs").Picture} */
export const decisionBoundary = {
  name: "decision-boundary",
  title: "A classifier trained with squared hinge",
  subtitle: "Breast Cancer Wisconsin, two of its 30 features",
  description:
    "Benign cases at the lower left and malignant ones at the upper right, a straight line between " +
    "them, and the two parallels at which the margin ends.",
  rows,
  spec,
};
