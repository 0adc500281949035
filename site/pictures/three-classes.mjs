// Losses and derivatives of a row of three classes, by the lead of the row's own class.
import {
  categoricalHinge,
  crammerSinger,
  gradient,
  tensor,
  westonWatkins,
} from "../../dist/esm/index.js";
import { lineChart } from "./lines.mjs";
import { steps } from "./steps.mjs";

const losses = {
  "Crammer–Singer": crammerSinger,
  "Weston–Watkins": westonWatkins,
  "categorical hinge": categoricalHinge,
};

const leads = steps(-2, 3, 0.02);
/** The best other class has a negative score, which categorical hinge takes for 0. */
const others = [-1, -2];
const scores = leads.flatMap((lead) => [lead + others[0], ...others]);
const yPred = tensor(Float64Array.from(scores), [leads.length, 3]);
const ids = leads.map(() => 0);
const options = { labels: "sparse" };

/** What all charts of these rows say of them. */
export const scoresInWords = "Scores: lead − 1 for the row’s class, −1 and −2 for the others";

/** Returns the losses of rows. */
export const lossRows = () =>
  Object.entries(losses).flatMap(([loss, of]) => {
    const { data } = of(ids, yPred, options);
    return leads.map((lead, i) => ({ loss, lead, value: data[i] }));
  });

/** Returns the derivatives with respect to the score of the row's class. */
export const derivativeRows = () =>
  Object.entries(losses).flatMap(([loss, of]) => {
    const { data } = gradient(of, ids, yPred, options);
    return leads.map((lead, i) => ({ loss, lead, derivative: data[3 * i] }));
  });

/** Returns a chart over the lead. */
export const chartOverLead = (y, rows) =>
  lineChart(
    {
      series: "loss",
      x: {
        field: "lead",
        title: "lead of the row’s class (score − best other score)",
      },
      y,
    },
    rows,
  );
