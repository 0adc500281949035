// The page of examples/browser, in a real browser.
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { chromium, Tab } from "./support/chromium.js";

const root = fileURLToPath(new URL("../", import.meta.url));

const types: Record<string, string> = {
  ".html": "text/html",
  ".css": "text/css",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
};

/** Changes a file on its way to the browser. */
type Change = (path: string, text: string) => string;
const unchanged: Change = (_, text) => text;

let change = unchanged;
/** The policy of the worker's script, as a server can set one. */
let workerPolicy: string | undefined;

/** Serves the project's files. */
const server: Server = createServer(({ url = "" }, response) => {
  const { pathname } = new URL(url, "http://localhost");
  const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
  const type = types[extname(path)];
  if (type === undefined || path.includes("..") || !existsSync(root + path)) {
    response.writeHead(404).end();
    return;
  }
  response.setHeader("content-type", type);
  if (workerPolicy !== undefined && path.endsWith("/benchmark.js")) {
    response.setHeader("content-security-policy", workerPolicy);
  }
  response.end(change(path, readFileSync(root + path, "utf8")));
});

const text = (selector: string) =>
  `document.querySelector(${JSON.stringify(selector)})?.textContent`;
const texts = (selector: string) =>
  `[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.textContent)`;

// Without a browser there is nothing to test.
describe.skipIf(chromium === undefined)("the page of examples/browser", () => {
  let origin: string;
  let tab: Tab;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    tab = await Tab.open(chromium as string);
    // The files of one test are not those of the next one.
    await tab.send("Network.setCacheDisabled", { cacheDisabled: true });
  }, 60_000);
  afterAll(async () => {
    await tab?.close();
    await new Promise((resolve) => server.close(resolve));
  }, 60_000);
  afterEach(() => {
    change = unchanged;
    workerPolicy = undefined;
  });

  async function open(query: string): Promise<void> {
    await tab.send("Page.navigate", { url: `${origin}/examples/browser/${query}` });
    await tab.until(`!${text("#backend")}?.includes("Loading") && ${text("#backend")}`);
  }

  const click = (selector: string) =>
    tab.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);

  /** Runs the case of the address to its end, and returns what the page says then. */
  async function run(): Promise<string> {
    await click("button[type=submit]");
    await tab.until(`/^(Done|The answers do not agree|Failed)/.test(${text("#status")})`);
    return (await tab.evaluate(text("#status"))) as string;
  }

  /** The nanoseconds of each contestant, and its speed relative to the loop. */
  async function figures(): Promise<number[]> {
    const cells = (await tab.evaluate(texts("tbody td:nth-of-type(odd)"))) as string[];
    return cells.map((cell) => Number(cell.replaceAll(",", "")));
  }

  test("checks and times a case with WebAssembly", async () => {
    await open("?loss=crammerSinger&labels=sparse&dtype=int8&width=10&n=1000");
    expect(await tab.evaluate(text("#backend"))).toBe("Backend: WebAssembly.");
    expect(await run()).toMatch(/^Done/);
    expect(await tab.evaluate(text("article p"))).toBe(
      "The answers agree: WebAssembly and JavaScript bit for bit, the others within a millionth.",
    );
    expect(await tab.evaluate(texts("tbody th"))).toEqual([
      "maxmargin, WebAssembly",
      "maxmargin, JavaScript",
      "fastest plain loop",
      "map and reduce",
    ]);
    const shown = await figures();
    expect(shown).toHaveLength(4 * 2);
    expect(shown.filter((figure) => !(figure > 0 && figure < Infinity))).toEqual([]);
    expect(tab.complaints).toEqual([]);
    expect(tab.requests.filter((url) => !url.startsWith(origin))).toEqual([]);
  });

  test("times JavaScript where WebAssembly is forbidden, and says so", async () => {
    workerPolicy = "script-src 'self'";
    await open("?n=1000");
    const backend = await tab.evaluate(text("#backend"));
    expect(backend).toMatch(/^Backend: JavaScript, because .* WebAssembly: .*unsafe-eval/);
    expect(await run()).toMatch(/^Done/);
    expect(await figures()).toHaveLength(3 * 2);
  });

  test("times nothing if the answers differ", async () => {
    change = (path, script) =>
      path.endsWith("/bench/baselines.js")
        ? script.replace("twice(1 - y * p)", "twice(y * p)")
        : script;
    await open("?n=1000");
    expect(await run()).toMatch(/^The answers do not agree/);
    expect(await tab.evaluate(texts("article li"))).toEqual([
      expect.stringMatching(/^fastest plain loop: .* instead of .* at 0$/),
    ]);
    expect(await figures()).toEqual([]);
  });

  test("keeps choices that go together in its address", async () => {
    await open("?loss=hinge&labels=onehot&width=7");
    expect(await tab.evaluate("document.querySelector('[name=labels]:checked').value")).toBe(
      "signed",
    );
    await click("[value=westonWatkins]");
    expect(await tab.evaluate("location.search")).toBe(
      "?loss=westonWatkins&result=mean&labels=sparse&dtype=float32&width=64&n=1000000",
    );
    expect(await tab.evaluate("document.querySelector('[name=width][value=\"1\"]').disabled")).toBe(
      true,
    );
  });

  test("stops", async () => {
    await open("");
    await click("button[type=submit]");
    await tab.until(`${text("#status")}.startsWith("Timing")`);
    await click("#stop");
    expect(await tab.evaluate(text("#status"))).toBe("Stopped.");
    expect(await tab.evaluate("document.querySelector('#stop').ariaDisabled")).toBe("true");
  });
});
