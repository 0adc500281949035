// The benchmark of examples/browser, in a frame of the site. test/browser-page.test.ts has the rest.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromium } from "../support/chromium.js";
import { phone, Visitor, wide } from "./browsing.js";

const inFrame = (expression: string) => `(() => {
  const page = document.querySelector("iframe.benchmark")?.contentDocument;
  return page?.querySelector("#backend") && (${expression});
})()`;

const textOf = (id: string) => inFrame(`page.getElementById("${id}").textContent.trim()`);

const colours = `[document, document.querySelector("iframe").contentDocument]
  .map(({ body }) => getComputedStyle(body).backgroundColor)`;

describe.skipIf(chromium === undefined)("the benchmark", () => {
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await Visitor.arrive();
  });
  afterAll(() => visitor?.leave());

  async function open(query: string): Promise<void> {
    await visitor.open(`benchmark.html${query}`);
    await visitor.tab.until(`${textOf("backend")}?.startsWith("Backend")`);
  }

  test("runs the case of the address in WebAssembly, with no request to another host", async () => {
    await visitor.look(wide);
    await open("?loss=crammerSinger&labels=sparse&width=10&n=1000");
    expect(await visitor.tab.evaluate(textOf("backend"))).toBe("Backend: WebAssembly.");
    await visitor.tab.evaluate(inFrame(`page.querySelector("[type=submit]").click()`));
    await visitor.tab.until(`${textOf("status")}.startsWith("Done")`);
    expect(visitor.tab.complaints).toEqual([]);
    expect(visitor.requestsElsewhere).toEqual([]);
  });

  test("has the colours of the page, also when they are switched", async () => {
    await visitor.look(wide);
    await open("");
    const [light, framed] = (await visitor.tab.evaluate(colours)) as string[];
    expect(framed).toBe(light);
    await visitor.tab.evaluate(`document.querySelector(".VPSwitchAppearance").click()`);
    await visitor.tab.until(`document.documentElement.classList.contains("dark")`);
    await visitor.tab.until(
      `(([page, frame]) => page === frame && page !== "${light}")(${colours})`,
    );
    const text = inFrame("getComputedStyle(page.body).color");
    expect(await visitor.tab.evaluate(text)).toBe("rgb(232, 236, 240)");
    await visitor.tab.evaluate(`document.querySelector(".VPSwitchAppearance").click()`);
  });

  test.each([wide, phone])(
    "is as high as its content, and no wider than the page: $width",
    async (screen) => {
      await visitor.look(screen);
      await open("");
      await visitor.tab.until(
        inFrame(`document.querySelector("iframe").clientHeight === page.body.offsetHeight`),
      );
      expect(
        await visitor.tab.evaluate(
          inFrame("page.documentElement.scrollWidth - page.documentElement.clientWidth"),
        ),
      ).toBe(0);
    },
  );
});
