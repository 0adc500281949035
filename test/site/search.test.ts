// What readers do with a keyboard: search, and get to every part of a page.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chromium } from "../support/chromium.js";
import { Visitor, wide } from "./browsing.js";

const control = 2;

const active = "document.activeElement";

describe.skipIf(chromium === undefined)("with the keyboard", () => {
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await Visitor.arrive();
    await visitor.look(wide);
  });
  afterAll(() => visitor?.leave());
  beforeEach(async () => {
    await visitor.open("losses.html");
    // The search remembers the last words.
    await visitor.tab.evaluate("sessionStorage.clear()");
  });

  test.each([
    ["class ids", /class ids|sparse/i],
    ["ignore", /ignore/i],
    ["margin", /margin/i],
  ])("searching for %s leads to a page that has it", async (words, expected) => {
    await visitor.press("k", control);
    await visitor.tab.until(`${active}?.matches(".search-input")`);
    await visitor.tab.send("Input.insertText", { text: words });
    await visitor.tab.until(`document.querySelector(".result.selected")`);
    const from = await visitor.place();
    await visitor.press("Enter");
    await visitor.tab.until(`location.pathname !== "/losses.html" || location.hash !== ""`);
    expect(await visitor.place()).not.toBe(from);
    await visitor.tab.until(`document.readyState === "complete" && document.querySelector("h1")`);
    expect(await visitor.tab.evaluate("document.querySelector('main').innerText")).toMatch(
      expected,
    );
    expect(visitor.tab.complaints).toEqual([]);
  });

  test("Tab reaches the content, the search, the navigation and links, each of them visibly", async () => {
    const reached = new Set<string>();
    const parts = {
      "the link to the content": ".VPSkipLink",
      "the search": ".DocSearch-Button",
      "the menu": ".VPNavBarMenu a",
      "the navigation": ".VPSidebar a",
      "the content": ".vp-doc a",
      "the outline": ".VPDocAsideOutline a",
    };
    for (let presses = 0; reached.size < Object.keys(parts).length && presses < 200; presses++) {
      await visitor.press("Tab");
      for (const [part, selector] of Object.entries(parts)) {
        const has = `${active}.matches(${JSON.stringify(selector)}) && ${active}.getBoundingClientRect().width > 1`;
        if (await visitor.tab.evaluate(has)) reached.add(part);
      }
    }
    expect([...reached].sort()).toEqual(Object.keys(parts).sort());
  });

  test("the first link skips the navigation", async () => {
    await visitor.press("Tab");
    await visitor.press("Enter");
    await visitor.tab.until(`${active}.id === "VPContent"`);
  });
});
