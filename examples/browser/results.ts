// The results of a case: bars, and a table of the numbers behind them.
import { type Choices, described, toQuery } from "./choices.js";
import { element } from "./dom.js";
import { contestantNames, type Timing } from "./report.js";

const digits = new Intl.NumberFormat("en", {
  minimumSignificantDigits: 2,
  maximumSignificantDigits: 3,
});

const ns = ({ nsPerValue }: Timing) => `${digits.format(nsPerValue)} ns`;
const times = ({ timesLoop }: Timing) => `${digits.format(timesLoop)} ×`;

function bar(timing: Timing, longest: number): HTMLElement {
  const filled = element("span", { className: `bar ${timing.contestant}` });
  filled.style.inlineSize = `${(100 * timing.timesLoop) / longest}%`;
  return element(
    "li",
    {},
    element("span", { className: "name" }, contestantNames[timing.contestant]),
    element("span", { className: "track" }, filled),
    element("span", { className: "numbers" }, element("b", {}, ns(timing)), ` · ${times(timing)}`),
  );
}

function bars(timings: readonly Timing[]): HTMLElement {
  const longest = Math.max(...timings.map(({ timesLoop }) => timesLoop));
  return element(
    "figure",
    {},
    element("figcaption", {}, "Time per value · speed as a multiple of the loop; longer is faster"),
    element("ul", { className: "bars" }, ...timings.map((timing) => bar(timing, longest))),
  );
}

const columns: readonly (readonly [heading: string, cell: (timing: Timing) => string])[] = [
  ["ns per value", ({ nsPerValue }) => digits.format(nsPerValue)],
  ["80 % of rounds", ({ range }) => range.map((value) => digits.format(value)).join("–")],
  ["× the loop", ({ timesLoop }) => digits.format(timesLoop)],
  ["ms per call", ({ msPerCall }) => digits.format(msPerCall)],
  ["rounds", ({ rounds }) => `${rounds}`],
];

const heading = (scope: string, text: string) => element("th", { scope }, text);

function table(timings: readonly Timing[]): HTMLElement {
  const head = element(
    "tr",
    {},
    heading("col", ""),
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
    element("caption", {}, "The numbers: medians over the rounds"),
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

/** Sums up a case for those who do not see the bars. */
export function summary(timings: readonly Timing[]): string {
  return timings
    .map((timing) => `${contestantNames[timing.contestant]} ${ns(timing)}, ${times(timing)}`)
    .join("; ");
}
