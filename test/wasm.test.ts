// The WebAssembly module, when it is compiled, and every way in which it can be missing or fail. Each case is a process of its
// own. The results of WebAssembly are compared with those of all other implementations in the tests of the losses.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { loadInProcess } from "./support/processes.js";

const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const file = readFileSync(`${dist}web/maxmargin.wasm`);

/** The part of WebAssembly that is used here. TypeScript declares it for browsers only. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: {
      new (bytes: Uint8Array): object;
      imports(module: object): object[];
    };
  };
};

/** A process with its settings, its options, and code before and after the import. */
interface Case {
  readonly settings?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  readonly first?: string;
  readonly body?: string;
}

/** Runs a process and returns backend(), with the properties that `body` adds to it. */
function load({ settings = {}, ...options }: Case): Record<string, unknown> & { error: string } {
  const { backend, error } = loadInProcess(settings, options);
  if (backend === undefined) throw new Error(`${error.name}: ${error.message}`);
  return backend as never;
}

/** A function that computes a loss of 1, of n values in rows of w. */
const value = `
  const { Hinge, tensor } = await import("maxmargin");
  const value = (n, w = n) => {
    const shape = [n / w, w];
    return new Hinge().value(tensor(new Float32Array(n).fill(1), shape), tensor(new Float32Array(n), shape));
  };
  const tryValue = (...size) => {
    try {
      return value(...size);
    } catch ({ name, message }) {
      return name + ": " + message;
    }
  };
`;

const noAddons = ["--no-addons"];
const useWasm = { MAXMARGIN_BACKEND: "wasm" };

describe("the module", () => {
  test("imports nothing", () => {
    expect(WebAssembly.Module.imports(new WebAssembly.Module(file))).toEqual([]);
  });

  test("is small", () => {
    expect(file.length).toBeLessThanOrEqual(250_000);
    expect(gzipSync(file, { level: 9 }).length).toBeLessThanOrEqual(100_000);
  });

  test.each(["cjs", "web"])("is part of the JavaScript: dist/%s", (build) => {
    const code = readFileSync(`${dist}${build}/backend/wasm/bytes.js`, "utf8");
    expect(code.replaceAll("\n", "")).toContain(`\`${file.toString("base64")}\``);
  });
});

describe("the build without Node", () => {
  /** Returns the paths that a module of dist/web imports, within the folder. */
  function importsOf(module: string): string[] {
    const code = readFileSync(`${dist}web/${module}`, "utf8");
    const imports = code.matchAll(/^(?:import|export)\b(?:[^";]*\bfrom)? ?"([^"]*)";$/gm);
    return [...imports].map(([, path]) =>
      path.startsWith(".") ? join(dirname(module), path) : path,
    );
  }

  test("imports nothing but its own files", () => {
    const files = readdirSync(`${dist}web`, { recursive: true, encoding: "utf8" });
    const modules = files.filter((name) => name.endsWith(".js"));
    const imported = modules.flatMap(importsOf);
    expect(imported.length).toBeGreaterThan(modules.length);
    expect(imported.filter((path) => !files.includes(path))).toEqual([]);
    for (const name of modules) {
      expect(readFileSync(`${dist}web/${name}`, "utf8"), name).not.toContain("node:");
    }
  });

  test.each(["index", "metrics"])("carries its module once in Workers: %s", (entry) => {
    const reached = new Set([`${entry}.workerd.js`]);
    for (const path of reached) {
      if (path.endsWith(".js")) for (const imported of importsOf(path)) reached.add(imported);
    }
    expect(reached).toContain("maxmargin.wasm");
    expect(reached).not.toContain("backend/wasm/bytes.js");
  });
});

describe("is compiled only when it is needed", () => {
  /** Counts the modules of this size, because Node itself may compile others. */
  const counting = `
    let compiled = 0;
    const { Module } = WebAssembly;
    WebAssembly.Module = class extends Module {
      constructor(bytes) {
        super(bytes);
        if (bytes.length === ${file.length}) compiled++;
      }
    };
    ${value}
    const counts = [compiled];
    for (const n of [10, 1000, 1000]) {
      value(n);
      counts.push(compiled);
    }
  `;
  const body = "answer.backend.counts = counts;";

  test("never beside the addon", () => {
    expect(load({ first: counting, body })).toMatchObject({ name: "native", counts: [0, 0, 0, 0] });
  });

  test("without addon, by the first call that is large enough", () => {
    expect(load({ flags: noAddons, first: counting, body })).toMatchObject({
      name: "wasm",
      counts: [0, 0, 1, 1],
    });
  });
});

test("its memory does not grow with the batch", () => {
  const first = `
    let memory;
    const { Instance } = WebAssembly;
    WebAssembly.Instance = class extends Instance {
      constructor(module) {
        super(module);
        memory = this.exports.memory ?? memory;
      }
    };
  `;
  const body = `
    ${value}
    answer.backend.bytes = [100_000, 10_000_000].map((n) => {
      value(n, 10);
      return memory.buffer.byteLength;
    });
  `;
  const { bytes } = load({ settings: useWasm, first, body }) as { bytes?: number[] };
  expect(bytes?.[0]).toBeGreaterThan(100_000);
  expect(bytes?.[1]).toBe(bytes?.[0]);
});

describe("without addon it computes, and backend() reports why there is no binary", () => {
  test.each([{}, { MAXMARGIN_BACKEND: "auto" }, useWasm])("%j", (settings) => {
    const info = load({
      settings,
      flags: noAddons,
      body: `${value} answer.backend.value = value(1000);`,
    });
    expect(info).toMatchObject({ name: "wasm", kernel: null, binary: null, threads: 1, value: 1 });
    expect(info.error).toMatch(/Cannot load native addon because loading addons is disabled/);
    expect(info.error).not.toContain("WebAssembly");
  });
});

describe("where it cannot be used", () => {
  const cases = [
    {
      name: "no WebAssembly",
      first: "delete globalThis.WebAssembly;",
      reason: "this runtime has no WebAssembly",
    },
    {
      name: "a process without WebAssembly",
      flags: ["--noexpose_wasm"],
      reason: "this runtime has no WebAssembly",
    },
    {
      name: "no SIMD",
      first: `WebAssembly.Module = function () {
        throw new WebAssembly.CompileError("Wasm SIMD unsupported");
      };`,
      reason: "Wasm SIMD unsupported",
    },
    {
      name: "no memory for it",
      flags: ["--wasm-max-mem-pages=1"],
      reason: "emory",
    },
  ];

  describe.each(cases)("$name", ({ first = "", flags = [], reason }) => {
    test("JavaScript computes without addon, and backend() reports why", () => {
      const info = load({
        first,
        flags: [...noAddons, ...flags],
        body: `${value} answer.backend.value = value(1000);`,
      });
      expect(info).toMatchObject({ name: "js", kernel: null, binary: null, value: 1 });
      expect(info.error).toContain("Cannot load native addon");
      expect(info.error).toMatch(new RegExp(`; WebAssembly: .*${reason}`));
    });

    test("the addon computes, and nothing is wrong", () => {
      expect(load({ first, flags })).toMatchObject({ name: "native", error: null });
    });

    test("MAXMARGIN_BACKEND=wasm is an error from the start", () => {
      const { error } = loadInProcess(useWasm, { first, flags });
      expect(error?.name).toBe("RangeError");
      expect(error?.message).toMatch(
        new RegExp(
          `^MAXMARGIN_BACKEND: expected a runtime that can run .*, received none: .*${reason}.*\\. ` +
            'Let the addon or JavaScript compute, by the default "auto"$',
        ),
      );
    });

    test("setBackend throws, and what computed before still does", () => {
      const body = `
        const { setBackend } = await import("maxmargin");
        try {
          setBackend("wasm");
        } catch ({ name, message }) {
          answer.backend.thrown = name + ": " + message;
        }
        answer.backend.after = backend().name;
      `;
      expect(load({ first, flags, body })).toMatchObject({
        name: "native",
        thrown: expect.stringMatching(
          new RegExp(`^RangeError: setBackend: expected a runtime .*${reason}`),
        ),
        after: "native",
      });
    });
  });
});

test("a call that gets no memory is a RangeError, and smaller ones compute before and after it", () => {
  const flags = ["--wasm-max-mem-pages=5"];
  const body = `
    ${value}
    answer.backend.values = [value(1000, 10), tryValue(400_000, 200_000), value(1000, 10)];
  `;
  expect(load({ settings: useWasm, flags, body })).toMatchObject({
    name: "wasm",
    values: [1, "RangeError: maxmargin: out of memory", 1],
  });
});

describe("a trap", () => {
  /** Makes a call into the module read beyond the memory of the instance; counts the instances. */
  const trapping = `
    let callsUntilTrap = Infinity;
    let instances = 0;
    const { Instance } = WebAssembly;
    WebAssembly.Instance = function (module) {
      const { exports } = new Instance(module);
      if (exports.evaluate === undefined) return { exports };
      instances++;
      const evaluate = (labels, ...others) => {
        callsUntilTrap--;
        return exports.evaluate(callsUntilTrap === 0 ? 0xffffff00 : labels, ...others);
      };
      return { exports: { ...exports, evaluate } };
    };
  `;
  const trap = "RangeError: maxmargin: out of memory (RuntimeError: memory access out of bounds)";

  test("is a RangeError, and the next call computes in another instance", () => {
    const body = `
      ${value}
      callsUntilTrap = 2;
      answer.backend.values = [1000, 1000, 1000].map((n) => tryValue(n, 10));
      answer.backend.instances = instances;
    `;
    expect(load({ settings: useWasm, first: trapping, body })).toMatchObject({
      values: [1, trap, 1],
      instances: 2,
    });
  });

  test("in the middle of a batch leaves nothing behind in the next call", () => {
    const body = `
      ${value}
      callsUntilTrap = 3;
      answer.backend.values = [tryValue(200_000, 10), value(200_000, 10)];
    `;
    const { values } = load({ settings: useWasm, first: trapping, body });
    expect(values).toEqual([trap, 1]);
  });

  test("in a slice of an async call rejects its promise, and calls after it compute", () => {
    const body = `
      const { Hinge, tensor } = await import("maxmargin");
      const shape = [100_000, 10];
      const labels = tensor(new Float32Array(1_000_000).fill(1), shape);
      const predictions = tensor(new Float32Array(1_000_000), shape);
      const valueAsync = () => new Hinge().valueAsync(labels, predictions).catch(String);
      callsUntilTrap = 12;
      answer.backend.values = [await valueAsync(), await valueAsync()];
    `;
    const { values } = load({ settings: useWasm, first: trapping, body });
    expect(values).toEqual([trap, 1]);
  });
});

test("it works with the constructors of arrays that there were when the library was loaded", () => {
  const names = ["Uint8Array", "Uint32Array", "Float64Array"];
  const info = load({
    flags: noAddons,
    first: value,
    body: `
      const batch = [tensor(new Float32Array(100_000).fill(1), [100, 1000]), tensor(new Float32Array(100_000), [100, 1000])];
      for (const name of ${JSON.stringify(names)}) {
        globalThis[name] = class { constructor() { throw new Error(name); } };
      }
      answer.backend.value = new Hinge().value(...batch);
      answer.backend.name = backend().name;
    `,
  });
  expect(info).toMatchObject({ name: "wasm", value: 1 });
});
