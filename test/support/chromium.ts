// Chromium without a window, driven through pipes: https://chromedevtools.github.io/devtools-protocol/
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";

const executables = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const { PATH = "" } = process.env;

/** The path of a Chromium on the PATH, or undefined. */
export const chromium = PATH.split(delimiter)
  .flatMap((folder) => executables.map((name) => join(folder, name)))
  .find(isExecutable);

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

const complaints = ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"];

type Settle = (message: Message) => void;

/** The one tab of a browser. */
export class Tab {
  /** All that the page has written to its console, and exceptions that nothing caught. */
  readonly complaints: string[] = [];
  /** The addresses that the page has asked for, except those that only its workers have. */
  readonly requests: string[] = [];
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, Settle>();
  #session: string | undefined;
  #calls = 0;

  private constructor(executable: string) {
    this.#profile = mkdtempSync(join(tmpdir(), "maxmargin-chromium-"));
    // Tests in containers often run as root, for whom there is no sandbox, and with a small /dev/shm.
    const flags = ["--headless", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"];
    this.#process = spawn(
      executable,
      [...flags, "--remote-debugging-pipe", `--user-data-dir=${this.#profile}`],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
    );
    let received = "";
    (this.#process.stdio[4] as Readable).setEncoding("utf8").on("data", (text: string) => {
      const messages = (received + text).split("\0");
      received = messages.pop() as string;
      for (const message of messages) this.#receive(JSON.parse(message) as Message);
    });
  }

  static async open(executable: string): Promise<Tab> {
    const tab = new Tab(executable);
    const { targetId } = await tab.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await tab.send("Target.attachToTarget", { targetId, flatten: true });
    tab.#session = sessionId as string;
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await tab.send(`${domain}.enable`);
    return tab;
  }

  /** Calls a method of the protocol. */
  async send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#calls;
    const message = JSON.stringify({ id, method, params, sessionId: this.#session });
    const answer = await new Promise<Message>((resolve) => {
      this.#waiting.set(id, resolve);
      (this.#process.stdio[3] as Writable).write(`${message}\0`);
    });
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result as Record<string, unknown>;
  }

  /** Returns the value of an expression in the page, which is awaited if it is a promise. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { readonly value?: unknown }).value;
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    while (!(await this.evaluate(`Boolean(${expression})`))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends the browser: killed, it would leave processes that still write to its profile. */
  async close(): Promise<void> {
    const exited = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#session = undefined;
    await Promise.race([this.send("Browser.close"), exited]);
    await exited;
    rmSync(this.#profile, { recursive: true, maxRetries: 5 });
  }

  #receive({ id, method = "", params, ...answer }: Message): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    }
    if (method === "Network.requestWillBeSent") {
      this.requests.push((params as { readonly request: { readonly url: string } }).request.url);
    }
    if (complaints.includes(method)) this.complaints.push(JSON.stringify(params));
  }
}
