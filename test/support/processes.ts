import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { BackendInfo } from "maxmargin";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What became of an import of the package. */
export type Loaded =
  | { readonly backend: BackendInfo; readonly error?: never }
  | { readonly backend?: never; readonly error: { name: string; message: string } };

/** The environment of this process with other settings of the package. */
function environmentWith(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith("MAXMARGIN_"));
  return { ...Object.fromEntries(others), ...settings };
}

/** Runs a task of worker.mjs; `first` gets each message before the result. */
export function startWorker(
  workerData: object,
  settings: Readonly<Record<string, string>> = {},
): Worker {
  return new Worker(new URL("./worker.mjs", import.meta.url), {
    workerData,
    env: environmentWith(settings),
    execArgv: [],
  });
}

/** The last message of a worker, once it has ended. */
export async function resultOf(worker: Worker): Promise<unknown> {
  let last: unknown;
  worker.on("message", (message) => {
    last = message;
  });
  const code = await new Promise<number>((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", resolve);
  });
  if (code !== 0) throw new Error(`the worker ended with ${code}`);
  return last;
}

/** Imports the package in a thread of its own. */
export async function loadInWorker(settings: Readonly<Record<string, string>>): Promise<Loaded> {
  return (await resultOf(startWorker({ task: "load" }, settings))) as Loaded;
}

const print = `
  FIRST
  let answer;
  try {
    const { backend, setNumThreads } = await import("maxmargin");
    answer = { backend: backend() };
    BODY
  } catch ({ name, message }) {
    answer = { error: { name, message } };
  }
  console.log(JSON.stringify(answer));
`;

interface ProcessOptions {
  /** The code before the import. */
  readonly first?: string;
  /** The code after it, which can add to `answer`. */
  readonly body?: string;
  readonly cwd?: string;
  /** Options of Node. */
  readonly flags?: readonly string[];
}

/** Imports the package in a process of its own: everything that all threads share is new there. */
export function loadInProcess(
  settings: Readonly<Record<string, string>>,
  { first = "", body = "", cwd = root, flags = [] }: ProcessOptions = {},
): Loaded {
  const code = print.replace("FIRST", () => first).replace("BODY", () => body);
  return JSON.parse(
    execFileSync(process.execPath, [...flags, "--input-type=module", "-e", code], {
      cwd,
      encoding: "utf8",
      env: environmentWith(settings),
    }),
  ) as Loaded;
}
