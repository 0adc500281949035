// The playground: its numbers are those of Node, whatever the address asks for.
import { readFileSync } from "node:fs";
import * as maxmargin from "maxmargin";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { toHash } from "../../site/playground/address.js";
import { codeFor } from "../../site/playground/code.js";
import { compute, type Results } from "../../site/playground/compute.js";
import { type State, withEncoding } from "../../site/playground/state.js";
import { chromium } from "../support/chromium.js";
import { states } from "../support/playground.js";
import { phone, Visitor, wide } from "./browsing.js";

const axe = new URL("../../site/node_modules/axe-core/axe.min.js", import.meta.url);

const textsOf = (selector: string) =>
  `[...document.querySelectorAll(${JSON.stringify(selector)})].map(({ innerText }) => innerText)`;

/** The numbers that the page shows, by row. */
const shown = `({
  loss: ${textsOf(".loss strong")},
  rows: ${textsOf(".row-loss")},
  weighted: ${textsOf(".weighted-loss")},
  gradient: [...document.querySelectorAll("[aria-labelledby=playground-results] tbody tr")]
    .map((row) => [...row.querySelectorAll(".slope")].map(({ innerText }) => innerText)),
})`;

interface Shown {
  readonly loss: string[];
  readonly rows: string[];
  readonly weighted: string[];
  readonly gradient: string[][];
}

/** A number as the page writes it, with all bits of its float32. */
const read = (text: string) => Math.fround(Number(text.replace("−", "-").replace("+", "")));

function resultsOf({ loss, rows, weighted, gradient }: Shown): Results {
  return {
    value: loss.length > 0 ? read(loss[0] as string) : weighted.map(read),
    rows: rows.map(read),
    gradient: gradient.map((row) => row.map(read)),
  };
}

const stateOf = (name: string) => states[name] as State;

const programIs = (state: State) =>
  `document.querySelector(".playground pre")?.textContent === ${JSON.stringify(codeFor(state))}`;

describe.skipIf(chromium === undefined)("the playground", () => {
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await Visitor.arrive();
    await visitor.look(wide);
  });
  afterAll(() => visitor?.leave());
  afterEach(() => {
    expect(visitor.tab.complaints.splice(0)).toEqual([]);
    expect(visitor.requestsElsewhere).toEqual([]);
  });

  const evaluate = (expression: string) => visitor.tab.evaluate(expression);

  async function openState(state: State): Promise<void> {
    await visitor.open(`playground.html${toHash(state)}`);
    await visitor.tab.until(programIs(state));
  }

  /** Types into a field as a user does. */
  async function type(selector: string, text: string): Promise<void> {
    await evaluate(`document.querySelector(${JSON.stringify(selector)}).select()`);
    await visitor.tab.send("Input.insertText", { text });
  }

  const click = (selector: string) =>
    evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);

  describe.each(["native", "js"] as const)("has the numbers of Node's backend %s", (backend) => {
    beforeAll(() => maxmargin.setBackend(backend));
    afterAll(() => maxmargin.setBackend("auto"));

    test.each(Object.entries(states))("%s", async (_, state) => {
      await openState(state);
      expect(resultsOf((await evaluate(shown)) as Shown)).toEqual(compute(maxmargin, state));
    });
  });

  test("computes in WebAssembly", async () => {
    await openState(stateOf("Hinge"));
    expect(await evaluate(textsOf(".hint"))).toContain("Computed in this browser, by WebAssembly.");
  });

  test("computes again with every change, and keeps it in the address", async () => {
    const state = stateOf("Hinge");
    await openState(state);
    await type("[aria-label='prediction 0 of row 1']", "0.25");
    const changed = {
      ...state,
      yPred: state.yPred.map((row, i) => (i === 1 ? ["0.25", ...row.slice(1)] : row)),
    };
    await visitor.tab.until(programIs(changed));
    expect(await evaluate("location.hash")).toBe(toHash(changed));
    expect(resultsOf((await evaluate(shown)) as Shown)).toEqual(compute(maxmargin, changed));
  });

  test("shows the library's error in place of results", async () => {
    const state = withEncoding(stateOf("Hinge"), "binary");
    await openState(state);
    await type("[aria-label='label 2 of row 0']", "7");
    await visitor.tab.until("document.querySelector('.playground .error')");
    expect(await evaluate(textsOf(".playground .error"))).toEqual([
      "RangeError: yTrue[0][2]: expected 0 or 1, received 7",
    ]);
    expect(await evaluate(textsOf(".slope"))).toEqual([]);
  });

  test("says what of an edited address it could not use", async () => {
    await visitor.open("playground.html");
    await evaluate("location.hash = '#loss=Hunge&pred=1,2;3&true=%E0%A4%A'");
    await visitor.tab.until("document.querySelector('.playground [role=alert]')");
    expect(await evaluate(textsOf(".playground [role=alert] li"))).toEqual([
      expect.stringMatching(/^In the address: loss: expected Hinge, .* received "Hunge"$/),
      "In the address: pred: expected 2 × 2 values; cut or filled",
      "In the address: true: expected 2 × 2 values; cut or filled",
    ]);
  });

  test("replaces a batch by pasted text, or says why not", async () => {
    await openState(stateOf("Hinge"));
    await click(".playground summary");
    await type("[name=pasted]", "[[1, 2], [3]]");
    await click(".playground details button");
    await visitor.tab.until("document.querySelector('.paste-status .error')");
    expect(await evaluate(textsOf(".paste-status"))).toEqual([
      "expected 2 values in row 2, received 1",
    ]);
    await type("[name=pasted]", "0.5\t-0.5\n1\t2");
    await click(".playground details button");
    await visitor.tab.until("location.hash.endsWith('&pred=0.5,-0.5;1,2')");
    expect(await evaluate(textsOf(".paste-status"))).toEqual(["Replaced."]);
  });

  test("is usable with a keyboard: Tab reaches every control", async () => {
    await openState(stateOf("class weights and an ignored class"));
    const place = "document.querySelector('.playground')";
    await evaluate(`${place}.querySelector("button").focus()`);
    while (await evaluate(`${place}.contains(document.activeElement)`)) {
      await evaluate("document.activeElement.dataset.reached = ''");
      await visitor.press("Tab");
    }
    const controls = ":is(input, select, button, summary, pre, [tabindex='0'])";
    const missed = `[...${place}.querySelectorAll("${controls}")]
      .filter((control) => control.checkVisibility() && !("reached" in control.dataset))
      .map(({ outerHTML }) => outerHTML)`;
    expect(await evaluate(missed)).toEqual([]);
    expect(await evaluate(`${place}.querySelectorAll("[data-reached]").length`)).toBeGreaterThan(
      30,
    );
  });

  const screens = [wide, phone].flatMap((screen) =>
    (["light", "dark"] as const).map((scheme) => ({ ...screen, scheme })),
  );
  const violations = `axe.run(".playground").then(({ violations }) => violations.map(({ id, nodes }) =>
    id + ": " + nodes.map(({ html, any }) => html.slice(0, 150) + any[0]?.message).join("; ")))`;
  const widest = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

  /** Makes the page show an error of the library, and problems of the address. */
  async function openProblems(): Promise<void> {
    await visitor.open("playground.html");
    await evaluate("location.hash = '#loss=Hunge&margin=-1'");
    await visitor.tab.until("document.querySelectorAll('.playground .error').length === 2");
  }

  const views: Readonly<Record<string, () => Promise<void>>> = {
    results: () => openState(stateOf("Hinge")),
    "losses that are not reduced": () => openState(stateOf("no reduction")),
    problems: openProblems,
  };

  describe.each(Object.keys(views))("axe-core finds nothing wrong with %s", (view) => {
    test.each(screens)("$scheme, $width wide", async (screen) => {
      await visitor.look(screen);
      await (views[view] as () => Promise<void>)();
      await evaluate(readFileSync(axe, "utf8"));
      expect(await evaluate(violations)).toEqual([]);
      expect(await evaluate(widest)).toBe(0);
    });
  });
});
