// The definitions of the native build, for scripts and tests that compile or check without gyp.
import { readFileSync } from "node:fs";

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");

/**
 * native/build.json: the one home of sources, macros and flags.
 *
 * @type {{
 *   sources: string[],
 *   includeDirectories: string[],
 *   defines: string[],
 *   flags: string[],
 *   flagsMsvc: string[],
 *   wasm: Record<"sources" | "flags" | "linkFlags", string[]>,
 * }}
 */
export const build = JSON.parse(read("native/build.json"));

/**
 * binding.gyp, which is JSON but for its comments, which have lines of their own.
 *
 * @type {{
 *   variables: Record<"flags" | "flags_msvc", string[]>,
 *   targets: Array<{
 *     target_name: string,
 *     sources: string[],
 *     include_dirs: string[],
 *     defines: string[],
 *     "defines!": string[],
 *     cflags_cc: string[],
 *     xcode_settings: { OTHER_CPLUSPLUSFLAGS: string[], MACOSX_DEPLOYMENT_TARGET: string },
 *     msvs_settings: { VCCLCompilerTool: { AdditionalOptions: string[] } },
 *   }>,
 * }}
 */
export const binding = JSON.parse(read("binding.gyp").replace(/^\s*#.*$/gm, ""));
