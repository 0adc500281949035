// What binding.gyp says, for whatever compiles or checks without gyp.
import { readFileSync } from "node:fs";

/** It is JSON but for its comments, which have lines of their own. */
const text = readFileSync(new URL("../binding.gyp", import.meta.url), "utf8");

/**
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
export const binding = JSON.parse(text.replace(/^\s*#.*$/gm, ""));
