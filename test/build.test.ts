import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { binding, build } from "../scripts/binding.mjs";

const root = new URL("../", import.meta.url);
const cmake = readFileSync(new URL("CMakeLists.txt", root), "utf8");
const gyp = readFileSync(new URL("binding.gyp", root), "utf8");

const target = binding.targets[0];

/** An expression of gyp that expands to a list of native/build.json. */
const listOf = (key: string) => `<!@(node -p "require('./native/build.json').${key}.join(' ')")`;

test("native/build.json lists every .cpp file in native/", () => {
  const onDisk = readdirSync(new URL("native/", root), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".cpp"))
    .map((file) => `native/${file.replaceAll("\\", "/")}`);
  const { sources, wasm } = build;
  expect([...new Set([...sources, ...wasm.sources])].sort()).toEqual(onDisk.sort());
  expect(build.defines).toContain("NAPI_VERSION=8");
  // Without it node-addon-api ends the process where an environment that is about to end refuses an error.
  expect(build.defines).toContain("NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS");
});

describe("CMakeLists.txt and binding.gyp", () => {
  test("build one target of the same name", () => {
    expect(binding.targets).toHaveLength(1);
    expect(target.target_name).toBe("maxmargin");
    expect(cmake).toMatch(/^project\(maxmargin CXX\)$/m);
  });

  test("read their lists from native/build.json", () => {
    expect(binding.variables).toEqual({
      flags: [listOf("flags")],
      flags_msvc: [listOf("flagsMsvc")],
    });
    expect(target.sources).toEqual([listOf("sources")]);
    expect(target.defines).toEqual([listOf("defines")]);
    expect(target.include_dirs).toEqual([
      listOf("includeDirectories"),
      `<!(node -p "require('node-addon-api').include_dir")`,
    ]);
    const read = [...cmake.matchAll(/^ *read_list\((\w+) (\w+)\)$/gm)];
    expect(read.map(([, variable, key]) => [variable, key])).toEqual([
      ["SOURCES", "sources"],
      ["INCLUDE_DIRS", "includeDirectories"],
      ["DEFINES", "defines"],
      ["FLAGS", "flagsMsvc"],
      ["FLAGS", "flags"],
    ]);
  });

  test("pass the flags on every platform", () => {
    // One of gyp's own: it would contradict /EHsc.
    expect(target["defines!"]).toEqual(["_HAS_EXCEPTIONS=0"]);
    expect(target.cflags_cc).toEqual(["<@(flags)"]);
    expect(target.xcode_settings.OTHER_CPLUSPLUSFLAGS).toEqual(["<@(flags)"]);
    expect(target.msvs_settings.VCCLCompilerTool.AdditionalOptions).toEqual(["<@(flags_msvc)"]);
  });

  test("hand their lists to the compiler, and nothing else", () => {
    const handed = [
      ...cmake.matchAll(/^ *(?:target_(?:compile|include|sources)|add_)\w+\((.*)\)$/gm),
    ];
    expect(handed.map((match) => match[1].replaceAll(/\$\{(\w+)\}/g, "$1"))).toEqual([
      "PROJECT_NAME SHARED SOURCES CMAKE_JS_SRC",
      "PROJECT_NAME PRIVATE INCLUDE_DIRS",
      "PROJECT_NAME SYSTEM PRIVATE CMAKE_JS_INC",
      "PROJECT_NAME PRIVATE DEFINES",
      "PROJECT_NAME PRIVATE FLAGS",
    ]);
    expect(cmake).not.toMatch(/CMAKE_CXX_FLAGS|set_source_files_properties|COMPILE_FLAGS/);
    expect(gyp).not.toMatch(/"(cflags|cflags_c|conditions|target_conditions|configurations)[!+]?"/);
  });

  test("keep the floating-point arithmetic as it is written", () => {
    expect(build.flags).toContain("-ffp-contract=off");
    expect(build.flagsMsvc).toContain("/fp:precise");
    expect(build.wasm.flags).toContain("-ffp-contract=off");
    for (const text of [cmake, gyp, JSON.stringify({ ...build, wasm: build.wasm.linkFlags })]) {
      expect(text).not.toMatch(/-ffast-math|-Ofast|-funsafe-math|-fassociative-math|\/fp:fast/);
      // Flags for one instruction set belong into its source file, see native/simd/target.h.
      expect(text).not.toMatch(/-m(avx|sse|fma|arch|cpu|tune)|\/arch:/);
    }
  });
});

test("WebAssembly has no instructions but those whose results are the same everywhere", () => {
  const features = build.wasm.flags.filter((flag) => flag.startsWith("-m"));
  expect(features).toEqual(["-mcpu=generic+simd128+bulk_memory"]);
});

test("the addon registers itself by node-addon-api, and does all else by the C API", () => {
  const addon = readFileSync(new URL("native/binding/addon.cpp", root), "utf8");
  const wrappers = [...addon.matchAll(/\bNapi::\w+|\bNODE_API_\w+/g)].map(([name]) => name);
  expect([...new Set(wrappers)]).toEqual(["Napi::Object", "Napi::Env", "NODE_API_MODULE"]);
  // Nothing but handles: their methods end the process where a status is not what they expect.
  expect(addon).toMatch(/^Napi::Object initialize\(Napi::Env env, Napi::Object exports\) \{$/m);
  expect(addon).not.toMatch(/\b(env|exports)\.\w/);
  // Every function that JavaScript gets has the guard around it.
  expect(addon).toContain("return {name, nullptr, guarded<entry>, nullptr, nullptr, nullptr, ");
});
