import nodeModule = require("node:module");
import path = require("node:path");
import platform = require("./platform.cjs");

/** What came of looking for the addon. */
interface Loaded {
  /** What the binary exports, not yet checked; `null` when none could be loaded. */
  addon: unknown;
  /** The path of the file that `addon` came from; in a bundle, its path in the package. */
  binary: string | null;
  /** Why each candidate before that one could not be used, in the order in which they were tried. */
  errors: string[];
}

/** The part of the `bindings` package's interface that is used here; it has no types of its own. */
type Bindings = (options: {
  bindings: string;
  module_root: string;
  try: string[][];
  path: true;
}) => string;

interface Candidate {
  name: string;
  /** Loads the binary or throws. */
  load(): { addon: unknown; binary: string };
}

/**
 * The package's folder, two levels above dist/cjs. Null in a bundle: there this code has moved into
 * another file, or into an ES module, which has no `__filename`.
 */
const root =
  typeof __filename === "string" && path.basename(__filename) === "load.cjs"
    ? path.join(__dirname, "..", "..")
    : null;

/** What prebuilds/ holds. Every `require` is written out, as bundlers follow no other. */
const prebuilds: Partial<Record<string, () => unknown>> = {
  "linux-x64/maxmargin.glibc.node": () => require("../../prebuilds/linux-x64/maxmargin.glibc.node"),
  "linux-x64/maxmargin.musl.node": () => require("../../prebuilds/linux-x64/maxmargin.musl.node"),
  "linux-arm64/maxmargin.glibc.node": () =>
    require("../../prebuilds/linux-arm64/maxmargin.glibc.node"),
  "linux-arm64/maxmargin.musl.node": () =>
    require("../../prebuilds/linux-arm64/maxmargin.musl.node"),
  "win32-x64/maxmargin.node": () => require("../../prebuilds/win32-x64/maxmargin.node"),
  "darwin-x64/maxmargin.node": () => require("../../prebuilds/darwin-x64/maxmargin.node"),
  "darwin-arm64/maxmargin.node": () => require("../../prebuilds/darwin-arm64/maxmargin.node"),
};

const prebuilt: Candidate = {
  name: "prebuilt binary",
  load() {
    const system = `${process.platform}-${process.arch}`;
    const libc = process.platform !== "linux" ? "" : platform.isMusl() ? ".musl" : ".glibc";
    const file = `${system}/maxmargin${libc}.node`;
    const prebuild = prebuilds[file];
    if (prebuild === undefined) {
      throw new Error(`there is none for ${system}, only ${Object.keys(prebuilds).join(", ")}`);
    }
    const binary = path.join(root ?? "", "prebuilds", file);
    if (root !== null) platform.inspect(binary);
    return { addon: prebuild(), binary };
  },
};

const buildTree = (root: string): Candidate => ({
  name: "build tree",
  load() {
    // Not the `require` that bundlers follow: a build tree is nothing to be bundled.
    const require = nodeModule.createRequire(__filename);
    const bindings = require("bindings") as Bindings;
    // One place only: by default, what an old debug build left behind would come first. And `bindings`
    // would take dist/cjs for the root, as that has a package.json of its own.
    const binary = bindings({
      bindings: "maxmargin",
      module_root: root,
      try: [["module_root", "build", "Release", "bindings"]],
      path: true,
    });
    platform.inspect(binary);
    return { addon: require(binary) as unknown, binary };
  },
});

function candidates(): Candidate[] {
  if (root === null) return [prebuilt];
  const has = (name: string) => platform.exists(path.join(root, name)) === true;
  // A checkout has a binding.gyp, the published package does not. There the last build comes first, as prebuilds/
  // may be older.
  if (has("binding.gyp")) return [buildTree(root), prebuilt];
  return has("build") ? [prebuilt, buildTree(root)] : [prebuilt];
}

/**
 * Loads the native addon from the first candidate that works. It never throws: without a binary the
 * caller falls back to JavaScript and shows `errors` to whoever asks why.
 *
 * Each candidate is caught by itself. `bindings` alone tries its own list only while files are
 * missing, and throws at the first one that is corrupt or made for another platform.
 *
 * This file is written in CommonJS because every bundler follows a `require` that is written out in a
 * CommonJS file, but not one made by `createRequire`; and a static `import` of `bindings` would be
 * evaluated, and could throw, outside of any `try`.
 */
function load(): Loaded {
  const errors: string[] = [];
  for (const candidate of candidates()) {
    try {
      return { ...candidate.load(), errors };
    } catch (error) {
      errors.push(`${candidate.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { addon: null, binary: null, errors };
}

// Written as a literal: this is the form whose names Node offers to `import { load }`.
export = { load };
