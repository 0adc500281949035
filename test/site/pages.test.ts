// Every page of the site in Chromium, wide and on a phone.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { chromium } from "../support/chromium.js";
import { dist, pagesIn, phone, Visitor, wide } from "./browsing.js";

/** Texts that a page cuts off, because their element hides what does not fit. */
const cutTexts = `[...document.querySelectorAll("body *")]
  .filter((element) => {
    const { overflowX, clip, display } = getComputedStyle(element);
    const isHidden = display === "inline" || element.clientWidth <= 1 || clip !== "auto";
    return !isHidden && ["hidden", "clip"].includes(overflowX) &&
      element.scrollWidth > element.clientWidth + 1 && element.textContent.trim() !== "";
  })
  .map(({ className, textContent }) => className + ": " + textContent.trim().slice(0, 60))`;

/** Elements that reach beyond the right edge of the page, and do not scroll on their own. */
const widest = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

describe.skipIf(chromium === undefined)("in Chromium", () => {
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await Visitor.arrive();
  });
  afterAll(() => visitor?.leave());
  afterEach(() => {
    visitor.tab.complaints.length = 0;
    visitor.tab.requests.length = 0;
  });

  test.each(pagesIn(dist))("%s loads without complaints, and fits", async (page) => {
    for (const screen of [wide, phone]) {
      await visitor.look(screen);
      await visitor.open(page);
      expect(visitor.tab.complaints).toEqual([]);
      expect(visitor.requestsElsewhere).toEqual([]);
      expect(await visitor.tab.evaluate("document.querySelectorAll('h1').length")).toBe(1);
      expect(await visitor.tab.evaluate(widest)).toBe(0);
      expect(await visitor.tab.evaluate(cutTexts)).toEqual([]);
    }
  });

  test("the first page has the example and the figures of README.md", async () => {
    await visitor.open("");
    const text = (await visitor.tab.evaluate("document.body.innerText")) as string;
    expect(text).toContain("new Hinge().value(yTrue, yPred); //=> 1.0625");
    expect(text).toMatch(/native, 1 thread\s+0\.\d+/);
  });
});
