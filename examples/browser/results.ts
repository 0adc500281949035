// The results of a case: bars, and a table of the numbers behind them.
import { type Choices, described, toQuery } from "./choices.js";
import { element } from "./dom.js";
import { contestantNames, type Timing } from "./report.js";

const threeDigits = { minimumSignificantDigits: 3, maximumSignificantDigits: 3 };
const time = new Intl.NumberFormat("en", threeDigits).format;
const ratio = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 }).format;

function bar({ contestant, nsPerValue, timesLoop }: Timing, longest: number): HTMLElement {
  const filled = element("span", { className: `bar ${contestant}` });
  filled.style.inlineSize = `${(100 * timesLoop) / longest}%`;
  return element(
    "li",
    {},
    element("span", { className: "name" }, contestantNames[contestant]),
    element("span", { className: "track" }, filled),
    element("b", { className: "number" }, `${time(nsPerValue)} ns`),
    element("span", { className: "number" }, `${ratio(timesLoop)} ×`),
  );
}

function bars(timings: readonly Timing[]): HTMLElement {
  const longest = Math.max(...timings.map(({ timesLoop }) => timesLoop));
  return element(
    "figure",
    {},
    element(
      "figcaption",
      {},
      "Time per value, and speed relative to the loop: a longer bar is faster",
    ),
    element("ul", { className: "bars" }, ...timings.map((timing) => bar(timing, longest))),
  );
}

const columns: readonly (readonly [heading: string, cell: (timing: Timing) => string])[] = [
  ["ns per value", ({ nsPerValue }) => time(nsPerValue)],
  ["80 % of rounds", ({ range: [low, high] }) => `${time(low)} to ${time(high)}`],
  ["× the loop", ({ timesLoop }) => ratio(timesLoop)],
  ["rounds", ({ rounds }) => `${rounds}`],
];

const heading = (scope: string, text: string) => element("th", { scope }, text);

function table(timings: readonly Timing[]): HTMLElement {
  const head = element(
    "tr",
    {},
    heading("col", "contestant"),
    ...columns.map(([text]) => heading("col", text)),
  );
  const rows = timings.map((timing) =>
    element(
      "tr",
      {},
      heading("row", contestantNames[timing.contestant]),
      ...columns.map(([, cell]) => element("td", {}, cell(timing))),
    ),
  );
  return element(
    "table",
    {},
    element("caption", {}, "The numbers behind the bars, medians over the rounds"),
    element("thead", {}, head),
    element("tbody", {}, ...rows),
  );
}

/** Adds a place for the results of a case, with a link to its choices. */
export function addCase(parent: HTMLElement, choices: Choices): HTMLElement {
  const link = element("a", { href: toQuery(choices) }, described(choices));
  const article = element("article", {}, element("h3", {}, link));
  parent.append(article);
  return article;
}

export function showTimings(article: HTMLElement, timings: readonly Timing[]): void {
  article.append(bars(timings), table(timings));
}

export function showMistakes(article: HTMLElement, mistakes: readonly string[]): void {
  article.append(
    element("p", { className: "error" }, "The answers do not agree, so nothing is timed:"),
    element("ul", {}, ...mistakes.map((mistake) => element("li", {}, mistake))),
  );
}

/** Sums up a case, for the status. */
export function summary([{ contestant, nsPerValue, timesLoop }]: readonly Timing[]): string {
  const speed = `${time(nsPerValue)} ns per value, ${ratio(timesLoop)} times as fast as the loop`;
  return `${contestantNames[contestant]}: ${speed}.`;
}
