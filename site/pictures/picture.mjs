// From the rows of a picture to its drawing.
import { parse, resetSVGDefIds, View } from "vega";
import { compile } from "vega-lite";
import { config } from "./style.mjs";

/**
 * A picture, and the table that it shows.
 *
 * @typedef {import("../../bench/csv.js").CsvRow} Row
 *
 * @typedef {object} Picture
 * @property {string} name - the name of both files.
 * @property {string} title
 * @property {string | ((rows: Row[]) => string[])} subtitle
 * @property {string} description - what is to be seen, in words.
 * @property {() => Row[] | Promise<Row[]>} rows
 * @property {boolean} [isMeasured] - whether the rows are read from the table, not computed.
 * @property {(rows: Row[]) => object} spec - a specification of Vega-Lite.
 */

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** Describes a drawing to those who do not see it. */
function described(svg, { name, title, description }) {
  const ids = [`${name}-title`, `${name}-description`];
  const head = `<svg role="img" aria-labelledby="${ids.join(" ")}"`;
  const texts =
    `<title id="${ids[0]}">${escaped(title)}</title>` +
    `<desc id="${ids[1]}">${escaped(description)}</desc>`;
  return `${svg.replace(/<svg(.*?)>/, (_, rest) => `${head}${rest}>${texts}`)}\n`;
}

/** Draws a picture: the same rows give the same bytes. */
export async function draw(picture, rows) {
  const { title, subtitle, spec } = picture;
  const text = typeof subtitle === "function" ? subtitle(rows) : subtitle;
  const { spec: compiled } = compile({
    data: { values: rows },
    autosize: "none",
    ...spec(rows),
    title: { text: title, subtitle: text },
    config,
  });
  resetSVGDefIds();
  const view = new View(parse(compiled), { renderer: "none" });
  try {
    return described(await view.toSVG(), picture);
  } finally {
    view.finalize();
  }
}
