// The pictures of docs/pictures/: what `npm run pictures` draws from the library of today.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toCsv } from "../../bench/csv.js";
import { pictures } from "../../site/pictures/all.mjs";
import { draw } from "../../site/pictures/picture.mjs";
import { chromium, Tab } from "../support/chromium.js";

const file = (name: string) => new URL(`../../docs/pictures/${name}`, import.meta.url);
const contentOf = (name: string) => readFileSync(file(name), "utf8");

const computed = pictures.filter(({ isMeasured }) => !isMeasured);

test("are these", () => {
  expect(pictures.map(({ name }) => name)).toEqual([
    "losses",
    "gradients",
    "margins",
    "class-losses",
    "class-gradients",
    "decision-boundary",
    "growth",
    "threads",
  ]);
});

test.each(computed)("$name: the table has what the library computes", async ({ name, rows }) => {
  expect(contentOf(`${name}.csv`)).toBe(toCsv(await rows()));
});

test.each(pictures)("$name: the drawing shows the table", async (picture) => {
  const drawn = await draw(picture, await picture.rows());
  expect(contentOf(`${picture.name}.svg`)).toBe(drawn);
});

test.each(pictures)("$name: the drawing describes itself, and loads nothing", ({ name, title }) => {
  const svg = contentOf(`${name}.svg`);
  expect(svg).toMatch(/^<svg role="img" aria-labelledby="(\S+) (\S+)" /);
  expect(svg).toContain(
    `<title id="${name}-title">${title}</title><desc id="${name}-description">`,
  );
  expect(svg).not.toMatch(/<script|<image|href="(?!#)|url\((?!#)/);
});

/** The labels of a drawing that are not wholly inside it, or that lie on another one. */
const misplaced = `
  (() => {
    const svg = document.querySelector("svg");
    const { left, top, right, bottom } = svg.getBoundingClientRect();
    const labels = [...svg.querySelectorAll("text")]
      .filter((text) => text.textContent !== "" && getComputedStyle(text).opacity !== "0")
      .map((text) => ({ name: text.textContent, box: text.getBoundingClientRect() }));
    const isOutside = ({ box }) =>
      box.left < left || box.top < top || box.right > right || box.bottom > bottom;
    const overlap = (a, b) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
      Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3;
    const isCovered = (one) => labels.some((other) => other !== one && overlap(one.box, other.box));
    return labels.filter((one) => isOutside(one) || isCovered(one)).map(({ name }) => name);
  })()
`;

describe.skipIf(chromium === undefined)("in Chromium", () => {
  let tab: Tab;
  beforeAll(async () => {
    tab = await Tab.open(chromium as string);
  }, 60_000);
  afterAll(() => tab?.close(), 60_000);

  test.each(pictures)("$name: no label is cut off or covered", async ({ name }) => {
    await tab.send("Page.navigate", { url: file(`${name}.svg`).href });
    await tab.until(`location.href.endsWith("/${name}.svg") && document.querySelector("text")`);
    expect(await tab.evaluate("document.querySelectorAll('text').length")).toBeGreaterThan(8);
    expect(await tab.evaluate(misplaced)).toEqual([]);
  });
});
