// Servers and workers of the tests: processes, each with a folder of its own.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Ended, root } from "../cli/support.js";

const main = `${root}dist/cjs/cli/main.js`;
const behaviour = fileURLToPath(new URL("behaviour.cjs", import.meta.url));

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

/** What has to be ended and removed after a test, the last one first. */
export class Cleanup {
  readonly #steps: (() => unknown)[] = [];

  constructor(onFinished: (act: () => Promise<void>) => void) {
    onFinished(async () => {
      for (const step of this.#steps.splice(0)) await step();
    });
  }

  add(step: () => unknown): void {
    this.#steps.unshift(step);
  }

  folder(): string {
    const folder = mkdtempSync(path.join(os.tmpdir(), "maxmargin-queue-"));
    this.add(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }
}

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** A redis-server on a free port, which keeps an append-only file. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #options: readonly string[];
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string, options: readonly string[]) {
    this.port = port;
    this.#folder = folder;
    this.#options = options;
  }

  static async start(cleanup: Cleanup, ...options: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), cleanup.folder(), options);
    cleanup.add(() => server.kill());
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const own = ["--port", `${this.port}`, "--bind", "127.0.0.1", "--dir", this.#folder];
    const durable = ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"];
    const child = spawn("redis-server", [...own, ...durable, ...this.#options], { stdio: "pipe" });
    this.#child = child;
    for await (const text of child.stdout) {
      if (`${text}`.includes("Ready to accept connections")) break;
    }
  }

  /** All that it has stored, as text. */
  storedText(): string {
    const files = readdirSync(this.#folder, { recursive: true, encoding: "utf8" });
    return files
      .map((file) => path.join(this.#folder, file))
      .filter((file) => statSync(file).isFile())
      .map((file) => readFileSync(file, "latin1"))
      .join("\n");
  }

  async kill(): Promise<void> {
    if (this.#child !== undefined) await kill(this.#child);
  }
}

interface Spawned {
  readonly child: ChildProcess;
  /** What it has written so far. */
  readonly stderr: () => string;
  readonly ended: Promise<Ended>;
}

/** Runs the program in a folder of its own. */
export function spawnProgram(
  cleanup: Cleanup,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Spawned {
  const child = spawn(process.execPath, ["--require", behaviour, main, ...args], {
    cwd: cleanup.folder(),
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
    });
  }
  cleanup.add(() => kill(child));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, ...texts }));
  return { child, stderr: () => texts.stderr, ended };
}

/** Starts a worker, and waits until it listens. */
export async function startWorker(
  cleanup: Cleanup,
  queue: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<Spawned> {
  const worker = spawnProgram(cleanup, ["worker", "--queue", queue, ...args], env);
  const ended = worker.ended.then(({ stderr }) => {
    throw new Error(`the worker ended: ${stderr}`);
  });
  ended.catch(() => {});
  while (!worker.stderr().includes(" listens on ")) {
    await Promise.race([once(worker.child.stderr as NodeJS.ReadableStream, "data"), ended]);
  }
  return worker;
}
