// Runs programs in pages of headless Chromium, which a server on the loopback interface hands out.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { json } from "node:stream/consumers";

/** Whether this machine has Chromium. */
export const hasChromium = spawnSync("chromium", ["--version"]).status === 0;

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
    return fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
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

/** Serves a page, and passes its answer on. */
async function serve(page: Page, answered: (answer: unknown) => void): Promise<Server> {
  const server = createServer((request: IncomingMessage, response) => {
    const path = decodeURI(new URL(request.url ?? "", "http://localhost").pathname);
    if (request.method !== "POST") return respond(page, path, response);
    json(request).then(answered, answered);
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function startChromium(url: string, profile: string): ChildProcess {
  const options = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`];
  // A group of its own, because a signal to the browser leaves its helpers running.
  return spawn("chromium", [...options, url], { stdio: "ignore", detached: true, timeout: 50_000 });
}

async function stop(browser: ChildProcess): Promise<void> {
  const { pid, exitCode, signalCode } = browser;
  const ended = exitCode === null && signalCode === null ? once(browser, "exit") : undefined;
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of the group is left.
  }
  await ended;
}

/** Loads a page in Chromium, and returns the program's answer. */
export async function answerOf(page: Page): Promise<unknown> {
  let answered: (answer: unknown) => void = () => undefined;
  const answer = new Promise<unknown>((resolve) => {
    answered = resolve;
  });
  const server = await serve(page, answered);
  const profile = mkdtempSync(join(tmpdir(), "maxmargin-chromium-"));
  const browser = startChromium(
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    profile,
  );
  try {
    const ended = once(browser, "exit").then(([code, signal]) => {
      throw new Error(`chromium ended with ${code ?? signal} before the page answered`);
    });
    return await Promise.race([answer, ended]);
  } finally {
    await stop(browser);
    server.closeAllConnections();
    server.close();
    // The last of its processes may still be writing.
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
