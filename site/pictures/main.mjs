// Draws the pictures of docs/pictures/: `npm run pictures`.
import { writeFileSync } from "node:fs";
import { toCsv } from "../../bench/csv.js";
import { install } from "../steps/install.mjs";
import { site } from "../steps/paths.mjs";

install(site);
const { pictures } = await import("./all.mjs");
const { draw } = await import("./picture.mjs");

const folder = new URL("../../docs/pictures/", import.meta.url);

for (const picture of pictures) {
  const rows = await picture.rows();
  writeFileSync(new URL(`${picture.name}.svg`, folder), await draw(picture, rows));
  if (!picture.isMeasured) writeFileSync(new URL(`${picture.name}.csv`, folder), toCsv(rows));
}
