import { colours, dashes, width } from "./style.mjs";

/** Returns the distinct values of a column, in the order of the rows. */
const distinct = (rows, column) => [...new Set(rows.map((row) => row[column]))];

/** Returns the encoding of series by colour and dash, which share one legend. */
export function seriesEncoding(rows, column) {
  const domain = distinct(rows, column);
  const scaleTo = (range) => ({ domain, range: range.slice(0, domain.length) });
  const one = { field: column, type: "nominal" };
  return {
    color: { ...one, scale: scaleTo(colours) },
    strokeDash: { ...one, scale: scaleTo(dashes) },
  };
}

/**
 * Returns the specification of a chart of lines.
 *
 * @param {{ series: string, x: object, y: object }} axes - the column of the names of the lines, and
 *   Vega-Lite's channels of both axes.
 */
export const lineChart = ({ series, x, y }, rows) => ({
  width,
  height: 260,
  mark: { type: "line", clip: true },
  encoding: {
    x: { type: "quantitative", ...x },
    y: { type: "quantitative", ...y },
    ...seriesEncoding(rows, series),
  },
});
