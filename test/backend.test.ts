import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { backend, Hinge, setBackend } from "maxmargin";
import { afterEach, describe, expect, test } from "vitest";
import { implementations } from "./support/implementations.js";
import { loadInProcess, loadInWorker } from "./support/processes.js";

afterEach(() => setBackend("auto"));

describe("backend", () => {
  test("reports the implementation in use", () => {
    setBackend("auto");
    const info = backend();
    expect(Object.keys(info).sort()).toEqual([
      "binary",
      "error",
      "kernel",
      "kernels",
      "name",
      "threads",
    ]);
    expect(info.name).toBe("native");
    expect(info.error).toBeNull();
    expect(info.kernel).toBe(info.kernels[0]);
    expect(info.threads).toBeGreaterThanOrEqual(1);
    expect(info.binary).toMatch(/maxmargin\.node$/);
    expect(existsSync(info.binary as string)).toBe(true);
  });

  test("lists this machine's kernels, the best first", () => {
    const { kernels } = backend();
    const known = { x64: ["avx512", "avx2", "scalar"], arm64: ["neon", "scalar"] }[
      process.arch as string
    ];
    expect(kernels).toEqual((known ?? ["scalar"]).filter((kernel) => kernels.includes(kernel)));
    expect(kernels).toContain("scalar");
    if (process.arch === "arm64") expect(kernels).toContain("neon");
  });

  test("returns a new list at every call", () => {
    (backend().kernels as string[]).length = 0;
    expect(backend().kernels).not.toHaveLength(0);
  });

  test.each(implementations)("shows what setBackend chose: %s", (implementation) => {
    if (implementation === "js" || implementation === "wasm") {
      setBackend(implementation);
      const info = { name: implementation, kernel: null, threads: 1, error: null };
      expect(backend()).toMatchObject(info);
    } else {
      for (const choice of ["native", "auto"] as const) {
        setBackend(choice, implementation);
        expect(backend()).toMatchObject({ name: "native", kernel: implementation, error: null });
      }
    }
    setBackend("native");
    expect(backend()).toMatchObject({ name: "native", kernel: backend().kernels[0] });
  });

  test("a choice that fails changes nothing", () => {
    setBackend("native", "scalar");
    expect(() => setBackend("native", "sse9")).toThrow(RangeError);
    expect(() => setBackend("js", "scalar")).toThrow(RangeError);
    expect(() => setBackend("gpu" as "js")).toThrow(RangeError);
    expect(backend()).toMatchObject({ name: "native", kernel: "scalar" });
  });
});

describe("the backend that computes", () => {
  /** The addon, and the frame that the library shares with it: the first that was offered. */
  const addon = createRequire(import.meta.url)(backend().binary as string) as {
    initialize(frame: Float64Array): Float64Array;
    callFrame(): { readonly batchRows: [index: number, count: number] };
  };
  const slots = addon.callFrame();
  const frame = addon.initialize(new Float64Array(new SharedArrayBuffer(8 * 1024)));

  /** Whether the addon computes a batch of n values: it finds their number in the frame. */
  function isNative(n: number): boolean {
    const [rows] = slots.batchRows;
    frame[rows] = 0;
    new Hinge().value(new Float32Array(n), new Float32Array(n));
    return frame[rows] !== 0;
  }

  test("is JavaScript for tiny batches and the addon for all others", () => {
    setBackend("auto");
    expect(backend().name).toBe("native");
    expect([1, 2, 8, 16].map(isNative)).toEqual([false, false, false, false]);
    expect([128, 1000, 100_000].map(isNative)).toEqual([true, true, true]);
    expect(backend().name).toBe("native");
  });

  test("is the one that was forced at every size", () => {
    const sizes = [1, 2, 8, 16, 128, 1000, 100_000];
    for (const choice of ["js", "wasm"] as const) {
      setBackend(choice);
      expect(sizes.map(isNative)).toEqual(sizes.map(() => false));
    }
    for (const kernel of backend().kernels) {
      setBackend("native", kernel);
      expect(sizes.map(isNative)).toEqual(sizes.map(() => true));
      setBackend("auto", kernel);
      expect(sizes.map(isNative)).toEqual(sizes.map(() => true));
    }
  });
});

describe("setNumThreads", () => {
  // In a process of its own: the number is the process's, and the tests run in threads of one.
  test("is shown, and changed as often as one likes", () => {
    const body = `
      const seen = [];
      for (const count of [1, 2, 7, 1024]) {
        setNumThreads(count);
        seen.push(backend().threads);
      }
      answer = { backend: { ...answer.backend, seen } };
    `;
    expect(loadInProcess({}, { body }).backend).toMatchObject({ seen: [1, 2, 7, 1024] });
  });

  test("is the number of processors by default", () => {
    expect(loadInProcess({}).backend?.threads).toBe(availableParallelism());
  });

  test("MAXMARGIN_NUM_THREADS sets it", () => {
    expect(loadInProcess({ MAXMARGIN_NUM_THREADS: "3" }).backend?.threads).toBe(3);
  });
});

describe("the environment", () => {
  test("is read by every thread separately", async () => {
    const auto = await loadInWorker({});
    expect(auto.backend).toMatchObject({ name: "native", kernel: backend().kernels[0] });
  });

  test.each(backend().kernels)("MAXMARGIN_KERNEL=%s", async (kernel) => {
    const forced = await loadInWorker({ MAXMARGIN_KERNEL: kernel });
    expect(forced.backend).toMatchObject({ name: "native", kernel, error: null });
    const both = await loadInWorker({ MAXMARGIN_KERNEL: kernel, MAXMARGIN_BACKEND: "native" });
    expect(both.backend).toMatchObject({ name: "native", kernel, error: null });
  });

  test("MAXMARGIN_BACKEND", async () => {
    for (const name of ["js", "wasm"]) {
      const forced = await loadInWorker({ MAXMARGIN_BACKEND: name });
      expect(forced.backend).toMatchObject({ name, kernel: null, error: null });
    }
    for (const choice of ["native", "auto"]) {
      const native = await loadInWorker({ MAXMARGIN_BACKEND: choice });
      expect(native.backend).toMatchObject({ name: "native", kernel: backend().kernels[0] });
    }
  });
});
