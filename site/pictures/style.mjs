// How all pictures look: on a light card, which is readable on light and dark pages alike.

const ink = "#1f2328";
const quiet = "#59636e";

/**
 * Colours that colour-blind readers can tell apart, each with a contrast of at least 3 : 1 to the
 * card. Series differ by their dashes too.
 */
export const colours = ["#0072b2", "#d55e00", "#00795c", "#7b3fa0"];
export const dashes = [
  [1, 0],
  [7, 3],
  [2, 4],
  [10, 3, 2, 3],
];

const font = "system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";

/** The width between the axes: with them narrow enough for labels to be readable on a phone. */
export const width = 406;

/**
 * The space around the axes, for labels, titles and two lines of a legend. It is fixed, because
 * Vega can only guess the width of text without a browser.
 */
export const padding = { left: 72, right: 22, top: 116, bottom: 60 };

/** The configuration of Vega-Lite. */
export const config = {
  // The drawing as a whole is described instead.
  aria: false,
  background: "#fff",
  font,
  padding,
  // No view has a border but its axes.
  view: { stroke: null },
  title: {
    anchor: "start",
    color: ink,
    fontSize: 16,
    fontWeight: 600,
    frame: "group",
    offset: 12,
    subtitleColor: quiet,
    subtitleFontSize: 13,
    subtitleLineHeight: 17,
    subtitlePadding: 6,
  },
  axis: {
    domainColor: quiet,
    format: "~r",
    gridColor: "#d8dee4",
    labelColor: ink,
    labelFlush: false,
    labelFontSize: 13,
    tickColor: quiet,
    titleColor: ink,
    titleFontSize: 14,
    titleFontWeight: 400,
    titlePadding: 10,
  },
  // The same place beside labels of any width.
  axisY: { titleAngle: -90, titleX: -56 },
  legend: {
    columnPadding: 16,
    columns: 2,
    direction: "horizontal",
    labelColor: ink,
    labelFontSize: 14,
    labelLimit: 0,
    offset: 12,
    orient: "top",
    symbolSize: 700,
    symbolStrokeWidth: 2.5,
    title: null,
  },
  line: { strokeWidth: 2.5 },
};
