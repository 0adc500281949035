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
  expect([...build.sources].sort()).toEqual(onDisk.sort());
  expect(build.defines).toContain("NAPI_VERSION=8");
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
    expect(target.include_dirs).toEqual([listOf("includeDirectories")]);
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
    for (const text of [cmake, gyp, JSON.stringify(build)]) {
      expect(text).not.toMatch(/-ffast-math|-Ofast|-funsafe-math|-fassociative-math|\/fp:fast/);
      // Flags for one instruction set belong into its source file, see native/kernels/target.h.
      expect(text).not.toMatch(/-m(avx|sse|fma|arch|cpu|tune)|\/arch:/);
    }
  });
});

test("the binding uses the C API alone, and guards every entry", () => {
  const folder = new URL("native/binding/", root);
  const files = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), "utf8"));
  for (const text of files) {
    // The methods of its C++ wrappers end the process where a status is not what they expect.
    expect(text).not.toMatch(/\bNapi::|<napi\.h>/);
  }
  const [addon, ...others] = files.filter((text) => text.includes("napi_property_descriptor"));
  expect(others).toEqual([]);
  expect(addon).toMatch(/return \{name, nullptr, guarded<entry>, nullptr, nullptr, nullptr, /);
  const entries = [...(addon as string).matchAll(/^napi_value (\w+_entry)\(/gm)].map(
    ([, name]) => name,
  );
  const defined = [...(addon as string).matchAll(/ method<(\w+)>\(/g)].map(([, name]) => name);
  expect(defined.length).toBeGreaterThan(9);
  expect(defined.sort()).toEqual(entries.sort());
});
