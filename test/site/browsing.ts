// The built site on a server of the loopback interface, in Chromium.
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, Tab } from "../support/chromium.js";

export const dist = fileURLToPath(new URL("../../site/dist/", import.meta.url));

/** The page that benchmark.html shows in a frame. */
const framed = "examples/browser/index.html";

/** The paths of the pages of a built site, without a slash at the beginning. */
export const pagesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".html") && !["404.html", framed].includes(name))
    .sort();

const types: Partial<Record<string, string>> = {
  ".css": "text/css",
  ".csv": "text/csv",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

/** Serves a folder below a path, as hosts of static files do. */
async function serve(folder: string, base: string): Promise<Server> {
  const server = createServer(({ url = "" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const name = decodeURI(pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    const file = join(folder, name.slice(base.length));
    if (!name.startsWith(base) || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("Content-Type", types[extname(file)] ?? "application/octet-stream");
    response.end(readFileSync(file));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

export interface Screen {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

export const wide: Screen = { width: 1280, height: 900, scheme: "light" };
export const phone: Screen = { width: 360, height: 740, scheme: "light" };

/** A browser that looks at a built site. */
export class Visitor {
  readonly tab: Tab;
  readonly #server: Server;
  readonly #home: string;

  private constructor(tab: Tab, server: Server, base: string) {
    this.tab = tab;
    this.#server = server;
    this.#home = `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`;
  }

  static async arrive(folder = dist, base = "/"): Promise<Visitor> {
    const server = await serve(folder, base);
    return new Visitor(await Tab.open(chromium as string), server, base);
  }

  async look({ width, height, scheme }: Screen): Promise<void> {
    const mobile = width < 600;
    const size = { width, height, deviceScaleFactor: 1, mobile };
    await this.tab.send("Emulation.setDeviceMetricsOverride", size);
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.tab.send("Emulation.setEmulatedMedia", { features });
  }

  /** Opens a page, and waits until Vue has taken it over. */
  async open(page: string): Promise<void> {
    await this.tab.send("Page.navigate", { url: this.#home + page });
    await this.tab.until(
      `location.href.startsWith(${JSON.stringify(this.#home + page)}) &&
        document.readyState === "complete" && document.querySelector("#app")?.__vue_app__`,
    );
  }

  /** The path of the page, with its anchor. */
  async place(): Promise<string> {
    return ((await this.tab.evaluate("location.href")) as string).slice(this.#home.length);
  }

  /** The requests to other hosts. */
  get requestsElsewhere(): string[] {
    const isOwn = (url: string) => url.startsWith(this.#home) || /^(?:data|blob):/.test(url);
    return this.tab.requests.filter((url) => !isOwn(url));
  }

  /** Presses a key, such as `Tab` or `Enter`. */
  async press(key: string, modifiers = 0): Promise<void> {
    const codes: Partial<Record<string, number>> = { Tab: 9, Enter: 13, Escape: 27, k: 75 };
    const text = key === "Enter" ? "\r" : undefined;
    const windowsVirtualKeyCode = codes[key];
    const event = { key, modifiers, windowsVirtualKeyCode, ...(text && { text }) };
    await this.tab.send("Input.dispatchKeyEvent", { type: "keyDown", ...event });
    await this.tab.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  async leave(): Promise<void> {
    await this.tab.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
