// axe-core on each kind of page, light and dark, wide and on a phone.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromium } from "../support/chromium.js";
import { phone, Visitor, wide } from "./browsing.js";

const axe = new URL("../../site/node_modules/axe-core/axe.min.js", import.meta.url);

/** Rules about the structure of VitePress's search box: links in a list of options. */
const ofSearchBox = ["label-content-name-mismatch", "nested-interactive"];

/** The violations of rules except some, each with its first elements. */
const violations = (except: readonly string[] = []) =>
  `axe.run({ rules: ${JSON.stringify(Object.fromEntries(except.map((id) => [id, { enabled: false }])))} }).then(({ violations }) => violations.map(({ id, nodes }) =>
  id + ": " + nodes.slice(0, 3).map(({ html, any }) => html.slice(0, 150) + " " + (any[0]?.message ?? "")).join("; ")))`;

const kinds = {
  "the first page": "",
  "a guide": "start.html",
  "a guide with pictures": "losses.html",
  "a guide with commands": "files.html",
  "a topic of the reference": "api/maxmargin/hinge.html",
  "options of the reference": "api/maxmargin/options.html",
  "the overview of the reference": "api/",
  "the playground": "playground.html",
  "the benchmark": "benchmark.html",
  "a page that does not exist": "404.html",
};

describe.skipIf(chromium === undefined)("axe-core finds nothing wrong with", () => {
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await Visitor.arrive();
  });
  afterAll(() => visitor?.leave());

  const screens = [wide, phone].flatMap(({ width, height }) =>
    (["light", "dark"] as const).map((scheme) => ({ width, height, scheme })),
  );

  describe.each(Object.entries(kinds))("%s", (_, page) => {
    test.each(screens)("$scheme, $width wide", async (screen) => {
      await visitor.look(screen);
      await visitor.open(page);
      await visitor.tab.evaluate(readFileSync(axe, "utf8"));
      expect(await visitor.tab.evaluate(violations())).toEqual([]);
    });
  });

  test.each(["light", "dark"] as const)("results of the search, %s", async (scheme) => {
    await visitor.look({ ...wide, scheme });
    await visitor.open("losses.html");
    await visitor.tab.evaluate(`document.querySelector(".DocSearch-Button").click()`);
    await visitor.tab.until(`document.activeElement?.matches(".search-input")`);
    await visitor.tab.send("Input.insertText", { text: "margin" });
    await visitor.tab.until(`document.querySelector(".VPLocalSearchBox .result")`);
    await visitor.tab.evaluate(readFileSync(axe, "utf8"));
    expect(await visitor.tab.evaluate(violations(ofSearchBox))).toEqual([]);
  });
});
