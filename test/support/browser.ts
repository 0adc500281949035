// Runs programs in pages of headless Chromium, which a server on the loopback interface hands out.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { chromium, Tab } from "./chromium.js";

export interface Page {
  /** The folder whose files the page can load, by their paths. */
  readonly folder: string;
  /** An ES module, which passes its answer to the global function `report`. */
  readonly program: string;
  /** Elements before the program. */
  readonly head?: string;
  /** The page's Content-Security-Policy. */
  readonly policy?: string;
}

/** Failures are answers too: a page that never answered would only be a timeout. */
const reporting = `
  function report(answer) {
    globalThis.answer ??= answer;
  }
  addEventListener("unhandledrejection", ({ reason }) => report({ failure: String(reason) }));
  addEventListener("error", ({ message, target }) => {
    report({ failure: message ?? "cannot load " + (target.src ?? target.href) });
  }, true);
`;

const types: Partial<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** Returns what the server has at a path. */
function contentAt(path: string, { folder, program, head = "" }: Page): string | Buffer {
  if (path === "/") {
    const scripts = `<script src="/report.js"></script>\n${head}`;
    return `<!doctype html>\n${scripts}\n<script type="module" src="/program.js"></script>`;
  }
  if (path === "/report.js") return reporting;
  return path === "/program.js" ? program : readFileSync(join(folder, path));
}

function respond(page: Page, path: string, response: ServerResponse): void {
  const type = path === "/" ? ".html" : extname(path);
  try {
    const content = contentAt(path, page);
    response.setHeader("Content-Type", types[type] ?? "application/octet-stream");
    if (page.policy !== undefined) response.setHeader("Content-Security-Policy", page.policy);
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

async function serve(page: Page): Promise<Server> {
  const server = createServer(({ url = "" }, response) => {
    respond(page, decodeURI(new URL(url, "http://localhost").pathname), response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Loads a page in Chromium, and returns the program's answer. */
export async function answerOf(page: Page): Promise<unknown> {
  const server = await serve(page);
  const tab = await Tab.open(chromium as string);
  try {
    const { port } = server.address() as AddressInfo;
    await tab.send("Page.navigate", { url: `http://127.0.0.1:${port}/` });
    await tab.until("globalThis.answer !== undefined");
    return await tab.evaluate("answer");
  } finally {
    await tab.close();
    server.closeAllConnections();
    server.close();
  }
}
