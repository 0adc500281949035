// Whatever a program, a test runner or a system has done to the globals and modules of Node before the library is imported,
// the import neither throws nor makes calls wait for ever. Each case is a process of its own.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { backend } from "maxmargin";
import { describe, expect, test } from "vitest";
import { loadInProcess } from "./support/processes.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const best = backend().kernels[0];

/** Computes at once, in slices, and with buffers that move. */
const calls = `
  const { Hinge } = await import("maxmargin");
  const loss = new Hinge();
  const batch = () => [new Float32Array(300_000).fill(1), new Float32Array(300_000).fill(0.5)];
  const moved = await loss.valueAsync(...batch(), { transfer: true });
  answer.backend.results = [
    loss.value(...batch()),
    await loss.valueAsync(...batch()),
    moved.value,
    moved.yPred.data.length,
  ];
`;
const results = [0.5, 0.5, 0.5, 300_000];

/** What a process answers that runs `first` before the import, and then computes. */
function answerAfter(first: string, settings: Readonly<Record<string, string>> = {}) {
  const { backend, error } = loadInProcess(settings, { first, body: calls });
  expect(error).toBeUndefined();
  return backend;
}

const native = { name: "native", kernel: best, error: null, results };

describe("the environment", () => {
  test.each(["MAXMARGIN_BACKEND", "MAXMARGIN_KERNEL", "MAXMARGIN_NUM_THREADS"])(
    "%s, set but empty, is as if it were not set",
    (name) => {
      const { threads } = answerAfter("") as { threads: number };
      expect(answerAfter("", { [name]: "" })).toMatchObject({ ...native, threads });
    },
  );

  // Node itself reads others.
  const forbidden = `process.env = new Proxy({}, {
    get(_, name) {
      if (name.startsWith("MAXMARGIN")) throw new Error("denied");
    },
  });`;

  test.each([
    ["has no variables", "process.env = {};"],
    ["has variables that must not be read", forbidden],
  ])("%s", (_, first) => {
    expect(answerAfter(first)).toMatchObject(native);
  });
});

describe("the number of processors", () => {
  const replaced = (by: string) =>
    `(await import("node:os")).default.availableParallelism = ${by};`;

  test.each([
    ["more than 1024", "() => 4096", 1024],
    ["as many as there may be", "() => 1024", 1024],
    ["none", "() => 0", 1],
    ["unknown", "() => undefined", 1],
    ["not to be asked for", "() => { throw new Error('denied'); }", 1],
    ["nothing that there is a function for", "undefined", 1],
  ])("is %s", (_, by, threads) => {
    expect(answerAfter(replaced(by))).toMatchObject({ ...native, threads });
  });
});

describe("globals that lack", () => {
  test.each([
    ...["performance", "setImmediate", "setTimeout", "structuredClone", "process", "Buffer"],
    ...["SharedArrayBuffer", "WebAssembly", "Atomics", "AbortSignal", "MessageChannel", "URL"],
    ...["queueMicrotask", "global", "navigator", "fetch", "BigUint64Array", "Intl"],
  ])("%s", (name) => {
    const answer = answerAfter(`delete globalThis.${name};`);
    // Only the package that finds the build tree of a checkout takes \`process\` for granted.
    expect(answer).toMatchObject(name === "process" ? { results } : native);
  });

  test("all that are Node's own", () => {
    const code = `
      const Module = require("node:module");
      const { readFileSync } = require("node:fs");
      const path = require("node:path");
      const vm = require("node:vm");
      const context = vm.createContext({});
      const modules = new Map();
      const load = (file) => {
        const known = modules.get(file);
        if (known !== undefined) return known.exports;
        const own = Module.createRequire(file);
        const require = (name) => Module.isBuiltin(name) ? own(name) : load(own.resolve(name));
        const module = { exports: {} };
        modules.set(file, module);
        const names = ["exports", "require", "module", "__filename", "__dirname"];
        const options = { parsingContext: context, filename: file };
        vm.compileFunction(readFileSync(file, "utf8"), names, options)(
          module.exports, require, module, file, path.dirname(file));
        return module.exports;
      };
      const library = load(require.resolve("maxmargin"));
      const answer = { backend: library.backend() };
      const globals = vm.runInContext("Object.keys(globalThis)", context);
      (async () => {
        ${calls.replace('await import("maxmargin")', "library")}
        console.log(JSON.stringify({ ...answer.backend, globals }));
      })();
    `;
    const printed = execFileSync(process.execPath, ["--input-type=commonjs", "-e", code], {
      cwd: root,
      encoding: "utf8",
    });
    expect(JSON.parse(printed)).toMatchObject({ ...native, globals: [] });
  });
});

describe("options of Node", () => {
  test.each([
    "--frozen-intrinsics",
    "--disable-proto=throw",
    "--disallow-code-generation-from-strings",
    "--jitless",
    "--no-harmony-sharedarraybuffer",
  ])("%s", (option) => {
    const code = `
      const answer = { backend: (await import("maxmargin")).backend() };
      ${calls}
      console.log(JSON.stringify(answer.backend));
    `;
    const args = [option, "--no-warnings", "--input-type=module", "-e", code];
    const printed = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    expect(JSON.parse(printed.trim().split("\n").at(-1) as string)).toMatchObject(native);
  });
});

/** What makes timers never come, and clocks stand still. */
const fakes = {
  "of globals": `
    globalThis.setImmediate = globalThis.setTimeout = globalThis.setInterval = () => 0;
    globalThis.queueMicrotask = globalThis.structuredClone = () => undefined;
    globalThis.performance = { now: () => 0 };
    Date.now = () => 0;
  `,
  "in Node's own modules": `
    const never = () => new Promise(() => {});
    const modules = ["timers", "timers/promises", "perf_hooks"];
    const [timers, promises, { performance }] = await Promise.all(
      modules.map(async (name) => (await import("node:" + name)).default));
    timers.setImmediate = timers.setTimeout = globalThis.setImmediate = () => 0;
    promises.setImmediate = promises.setTimeout = never;
    performance.now = () => 0;
    process.hrtime = Object.assign(() => [0, 0], { bigint: () => 0n });
  `,
  "of Node's test runner": `(await import("node:test")).mock.timers.enable();`,
};

describe("fake timers and clocks", () => {
  test.each(Object.entries(fakes))("%s", (_, first) => {
    expect(answerAfter(first)).toMatchObject(native);
  });

  test("that stand still make no slice longer", () => {
    const { backend } = loadInProcess(
      { MAXMARGIN_BACKEND: "js" },
      {
        first: `const { setImmediate: realImmediate } = globalThis; ${fakes["in Node's own modules"]}`,
        body: `
          const { Hinge } = await import("maxmargin");
          const n = 8_000_000;
          let turns = 0;
          let isUnderWay = true;
          const count = () => {
            turns++;
            if (isUnderWay) realImmediate(count);
          };
          realImmediate(count);
          await new Hinge().valueAsync(new Int8Array(n).fill(1), new Float32Array(n));
          isUnderWay = false;
          answer.backend.turns = turns;
        `,
      },
    );
    // Slices that grew as if they took no time would be 5.
    expect((backend as unknown as { turns: number }).turns).toBeGreaterThan(12);
  });
});
