import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BackendInfo, backend } from "maxmargin";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadInProcess } from "./support/processes.js";

const root = fileURLToPath(new URL("../", import.meta.url));
const built = "build/Release/maxmargin.node";

const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
const libc =
  process.platform !== "linux" ? "" : header.glibcVersionRuntime === undefined ? ".musl" : ".glibc";
const prebuilt = `prebuilds/${process.platform}-${process.arch}/maxmargin${libc}.node`;

/** A package like the published one, with no binary yet. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "maxmargin-"));
  cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Makes a file in the package: a copy of the binary, or what is given. */
function add(file: string, content?: string | Uint8Array): string {
  const target = join(folder, file);
  mkdirSync(dirname(target), { recursive: true });
  if (content === undefined) copyFileSync(join(root, built), target);
  else writeFileSync(target, content);
  return target;
}

/** What backend() tells in that package, and what `body` adds to it. */
function load(
  options: { first?: string; body?: string } = {},
): BackendInfo & { results?: unknown } {
  const { backend: info, error } = loadInProcess({}, { cwd: folder, ...options });
  if (info === undefined) throw new Error(error.message);
  return info;
}

describe("the binary", () => {
  test("is the prebuilt one, even beside a build tree", () => {
    add(built, "another project's");
    const binary = add(prebuilt);
    expect(load()).toMatchObject({ name: "native", binary, error: null });
  });

  test("is the last build in a checkout", () => {
    add("binding.gyp", "");
    add(prebuilt, "of another day");
    const binary = add(built);
    expect(load()).toMatchObject({ name: "native", binary, error: null });
  });

  test("is the prebuilt one in a checkout that was not built", () => {
    add("binding.gyp", "");
    const binary = add(prebuilt);
    const info = load();
    expect(info).toMatchObject({ name: "native", binary });
    expect(info.error).toMatch(/^build tree: Could not locate the bindings file/);
  });

  test("is the one of the build tree if the prebuilt one cannot be loaded", () => {
    const corrupt = add(prebuilt, "corrupt");
    const binary = add(built);
    const info = load();
    expect(info).toMatchObject({ name: "native", binary });
    expect(info.error).toMatch(/^prebuilt binary: /);
    expect(info.error).toContain(corrupt);
  });
});

test("is none that was built for another version, whose numbers would be read from the wrong places", () => {
  const file = join(folder, "dist/cjs/backend/call-frame.js");
  const text = readFileSync(file, "utf8");
  add(prebuilt);
  expect(load()).toMatchObject({ name: "native", error: null });
  for (const [from, to] of [
    ["losses: next()", "losses: next(2)"],
    ["width: next()", "breadth: next()"],
    ["width: next()", "width: next(), height: next()"],
  ] as const) {
    expect(text).toContain(from);
    writeFileSync(file, text.replace(from, to));
    expect(load()).toMatchObject({
      name: "js",
      error:
        "prebuilt binary: it was built for another version of maxmargin; " +
        "WebAssembly: it was built for another version of maxmargin",
    });
  }
});

test("is the prebuilt one in a bundle, whatever other files exist", () => {
  // What bundlers make of the loader is code in another file; test/install tries the bundlers themselves.
  copyFileSync(
    join(folder, "dist/cjs/backend/load.cjs"),
    join(folder, "dist/cjs/backend/bundle.cjs"),
  );
  const loaded = (): unknown => {
    const code = `const { binary, errors } = require("./dist/cjs/backend/bundle.cjs").load(() => {});
      console.log(JSON.stringify({ binary, errors }));`;
    const options = { cwd: folder, encoding: "utf8" } as const;
    return JSON.parse(
      execFileSync(process.execPath, ["--input-type=commonjs", "-e", code], options),
    );
  };
  add("binding.gyp", "");
  add(built);
  expect(loaded()).toEqual({
    binary: null,
    errors: [expect.stringMatching(/^prebuilt binary: Cannot find module/)],
  });
  add(prebuilt);
  expect(loaded()).toEqual({ binary: join(prebuilt), errors: [] });
});

describe("a binary that cannot be loaded", () => {
  const whole = readFileSync(join(root, built));

  function reason(content: string | Uint8Array): string {
    const binary = add(prebuilt, content);
    const info = load();
    expect(info).toMatchObject({ name: "wasm", kernels: [], threads: 1, binary: null });
    const error = info.error as string;
    expect(error).toMatch(/^prebuilt binary: /);
    expect(error).toContain(binary);
    expect(error).not.toContain("build tree");
    return error;
  }

  test("is reported: text", () => {
    reason("version https://git-lfs.github.com/spec/v1\n".repeat(10));
    reason("short");
    reason("");
  });

  // The loaders of Windows and macOS refuse all of these by themselves.
  describe.runIf(process.platform === "linux")("on Linux", () => {
    // Each of these would end the process with a bus error.
    test.each([64, 1000, 100_000, whole.length - 1])("is reported: cut to %d bytes", (size) => {
      expect(reason(whole.subarray(0, size))).toContain(`has ${size} of ${whole.length} bytes`);
    });

    test("is reported: for another processor", () => {
      const foreign = Buffer.from(whole);
      foreign.writeUInt16LE(process.arch === "x64" ? 183 : 62, 18);
      expect(reason(foreign)).toContain(`for another processor than ${process.arch}`);
    });
  });
});

describe("without a binary", () => {
  test("WebAssembly computes, and backend() reports why", () => {
    const info = load();
    expect(info).toMatchObject({ name: "wasm", kernels: [], threads: 1, binary: null });
    expect(info.error).toBe(`prebuilt binary: ${join(folder, prebuilt)} does not exist`);
  });

  test("a checkout reports its build tree as well", () => {
    add("binding.gyp", "");
    expect(load().error?.replaceAll("\n", " ")).toMatch(
      /^build tree: Could not locate the bindings file.*; prebuilt binary: .* does not exist$/,
    );
  });

  const remedy = /\. Install the package again on this machine, build it .*, or let WebAssembly or/;

  test.each([
    { settings: { MAXMARGIN_BACKEND: "native" }, argument: "MAXMARGIN_BACKEND" },
    { settings: { MAXMARGIN_KERNEL: "scalar" }, argument: "MAXMARGIN_KERNEL" },
  ])("$settings is an error from the start", ({ settings, argument }) => {
    const { error } = loadInProcess(settings, { cwd: folder });
    expect(error?.name).toBe("RangeError");
    expect(error?.message).toMatch(
      new RegExp(`^${argument}: expected a binary for native kernels, received none: prebuilt bin`),
    );
    expect(error?.message).toMatch(remedy);
  });

  test("setBackend reports it as well", () => {
    const body = `(await import("maxmargin")).setBackend("native");`;
    const { error } = loadInProcess({}, { cwd: folder, body });
    expect(error?.name).toBe("RangeError");
    expect(error?.message).toMatch(
      /^setBackend: expected a binary for native kernels, received none: prebuilt binary: /,
    );
    expect(error?.message).toMatch(remedy);
  });
});

describe("on another platform", () => {
  /** What a process takes this machine for. */
  const elsewhere = (platform: string, arch: string): string =>
    `Object.defineProperties(process, {
      platform: { value: "${platform}" },
      arch: { value: "${arch}" },
    });`;

  test.each([
    ["freebsd", "x64"],
    ["linux", "riscv64"],
    ["win32", "arm64"],
  ])("there is no binary, and backend() tells so: %s %s", (platform, arch) => {
    add(prebuilt);
    const info = load({ first: elsewhere(platform, arch) });
    expect(info).toMatchObject({ name: "wasm", binary: null });
    expect(info.error).toContain(
      `prebuilt binary: there is none for ${platform}-${arch}, only linux-x64/maxmargin.glibc.node, `,
    );
    expect(info.error).not.toContain("build tree");
  });

  test("WebAssembly computes the same bits", () => {
    // One program for both: losses, totals and gradients of numbers between -2 and 2.
    const body = `
      const { CategoricalHinge, Hinge, SquaredHinge, tensor } = await import("maxmargin");
      const size = [97, 13];
      let state = 1;
      const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
      const yPred = tensor(Float32Array.from({ length: 97 * 13 }, () => 4 * random() - 2), size);
      const yTrue = tensor(Int8Array.from({ length: 97 * 13 }, () => Math.round(random())), size);
      answer.backend.results = [Hinge, SquaredHinge, CategoricalHinge].map((Loss) => {
        const loss = new Loss();
        const { value, gradient } = loss.valueAndGradient(yTrue, yPred);
        return [value, ...[loss.call(yTrue, yPred), gradient].map(({ data }) =>
          Buffer.from(data.buffer).toString("base64"))];
      });
    `;
    add(prebuilt);
    const here = load({ body });
    const there = load({ body, first: elsewhere("freebsd", "x64") });
    expect(here).toMatchObject({ name: "native", kernel: backend().kernels[0] });
    expect(here.results).toHaveLength(3);
    expect(there).toMatchObject({ name: "wasm", results: here.results });
  });

  describe.runIf(process.platform === "linux")("on Linux", () => {
    const libcOf = (first: string): string | undefined =>
      /maxmargin\.(\w+)\.node does not exist/.exec(load({ first }).error ?? "")?.[1];

    test("musl and glibc are distinguished by the loader of the executable", () => {
      for (const [loader, libc] of [
        ["/lib/ld-musl-x86_64.so.1", "musl"],
        ["/lib/ld-linux-aarch64.so.1", "glibc"],
      ]) {
        const program = add("program", `\x7fELF${"\0".repeat(1000)}${loader}\0`);
        expect(libcOf(`process.execPath = ${JSON.stringify(program)};`)).toBe(libc);
      }
    });

    test("musl and glibc are distinguished by the report if the executable cannot be read", () => {
      for (const [header, libc] of [
        [{}, "musl"],
        [{ glibcVersionRuntime: "2.36" }, "glibc"],
      ] as const) {
        const first = `
          process.execPath = "/does/not/exist";
          process.report.getReport = () => ({ header: ${JSON.stringify(header)} });
        `;
        expect(libcOf(first)).toBe(libc);
      }
    });
  });
});
