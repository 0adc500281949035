// Binaries as files: what the readers of the three formats find in them, and what the checks before a release say of it.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { weakSymbolsOf } from "../scripts/binaries/elf.mjs";
import { readBinary } from "../scripts/binaries/read.mjs";
import { inspect, problemsOf } from "../scripts/inspect.mjs";
import { platforms, platformsCalled, prebuildOf } from "../scripts/platforms.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const own = readFileSync(`${root}build/Release/maxmargin.node`);

const named = (name: string) => platformsCalled([name])[0];

describe.runIf(process.platform === "linux")("the build tree's binary", () => {
  test("is read", () => {
    const binary = readBinary(own);
    expect(binary).toMatchObject({ format: "ELF", arch: process.arch, isStripped: false });
    expect(binary.libraries).toContain("libc.so.6");
    expect(binary.versions).toContain("CXXABI_1.3");
    expect(binary.exports).toContain("napi_register_module_v1");
    expect(binary.imports.map(({ name }) => name)).toContain("napi_define_properties");
  });

  test("is not the published one", () => {
    const problems = problemsOf(named("linux-x64-glibc"), own);
    expect(problems).toContain("is not stripped");
    expect(problems).toContain("needs libstdc++.so.6");
    expect(problems).toContain("needs CXXABI_1.3");
    expect(problemsOf(named("darwin-arm64"), own)).toContain("is an ELF file");
  });

  test("a binary for another processor is reported", () => {
    const foreign = Buffer.from(own);
    foreign.writeUInt16LE(183, 0x12);
    expect(readBinary(foreign).arch).toBe("arm64");
    expect(problemsOf(named("linux-x64-glibc"), foreign)).toContain("is for arm64");
  });

  test("no object file for an instruction set has weak symbols", () => {
    const objects = `${root}build/CMakeFiles/maxmargin.dir/native/`;
    for (const file of ["avx2", "avx512", "neon"]) {
      expect(weakSymbolsOf(readFileSync(`${objects}isa/${file}.cpp.o`)), file).toEqual([]);
    }
    expect(weakSymbolsOf(readFileSync(`${objects}binding/addon.cpp.o`))).not.toEqual([]);
  });
});

test("a file that is not a binary is reported", () => {
  expect(() => readBinary(Buffer.from("no binary"))).toThrow("expected an ELF, PE or Mach-O file");
});

// `npm run prebuild` makes them; those of this machine in .ci/run, all of them before a release.
describe.each(platforms.filter((platform) => existsSync(`${root}${prebuildOf(platform)}`)))(
  "the prebuilt binary for $name",
  (platform) => {
    test("passes the inspection", () => {
      expect(inspect(platform).problems).toEqual([]);
    });
  },
);
