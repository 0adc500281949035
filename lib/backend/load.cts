import nodeModule = require("node:module");
import path = require("node:path");
import process = require("node:process");
import platform = require("./platform.cjs");

/** The result of the search for the addon. */
interface Loaded {
  /** The exports of the binary, unchecked; `null` if none could be loaded. */
  addon: unknown;
  /** The path of the file that `addon` came from; in a bundle, its path in the package. */
  binary: string | null;
  /**
   * The reasons why earlier candidates could not be used, in the order in which they were tried.
   */
  errors: string[];
}

/** The part of the `bindings` package that is used here. It has no types of its own. */
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
 * The package's folder, three levels above dist/cjs/backend. Null in a bundle, where this code has
 * moved to another file, or to an ES module, which has no `__filename`.
 */
const root =
  typeof __filename === "string" && path.basename(__filename) === "load.cjs"
    ? path.join(__dirname, "..", "..", "..")
    : null;

/** The files in prebuilds/. Every `require` is written out, because bundlers follow no others. */
const prebuilds: Partial<Record<string, () => unknown>> = {
  "linux-x64/maxmargin.glibc.node": () =>
    require("../../../prebuilds/linux-x64/maxmargin.glibc.node"),
  "linux-x64/maxmargin.musl.node": () =>
    require("../../../prebuilds/linux-x64/maxmargin.musl.node"),
  "linux-arm64/maxmargin.glibc.node": () =>
    require("../../../prebuilds/linux-arm64/maxmargin.glibc.node"),
  "linux-arm64/maxmargin.musl.node": () =>
    require("../../../prebuilds/linux-arm64/maxmargin.musl.node"),
  "win32-x64/maxmargin.node": () => require("../../../prebuilds/win32-x64/maxmargin.node"),
  "darwin-x64/maxmargin.node": () => require("../../../prebuilds/darwin-x64/maxmargin.node"),
  "darwin-arm64/maxmargin.node": () => require("../../../prebuilds/darwin-arm64/maxmargin.node"),
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
    // Not the `require` that bundlers follow: a build tree must not be bundled.
    const require = nodeModule.createRequire(__filename);
    const bindings = require("bindings") as Bindings;
    // Only one place is tried: by default, the files of an old debug build would come first. The
    // root is passed, because `bindings` would take dist/cjs for it, which has a package.json of
    // its own.
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
  // A checkout has a binding.gyp, the published package does not. In a checkout the last build
  // comes first, because prebuilds/ may be older.
  if (has("binding.gyp")) return [buildTree(root), prebuilt];
  return has("build") ? [prebuilt, buildTree(root)] : [prebuilt];
}

/**
 * Loads the native addon from the first candidate that works. It never throws: without a binary the
 * caller falls back to JavaScript, and `backend()` reports `errors`. `check` throws if an addon is
 * not the right one.
 *
 * The errors of each candidate are caught separately. `bindings` alone tries its own list only
 * while files are missing, and throws at the first one that is corrupt or made for another
 * platform.
 *
 * This file is CommonJS, because bundlers follow a `require` written out in a CommonJS file, but
 * not one made by `createRequire`; and a static `import` of `bindings` would be evaluated, and
 * could throw, outside of any `try`.
 */
function load(check: (addon: unknown) => void): Loaded {
  const errors: string[] = [];
  for (const candidate of candidates()) {
    try {
      const loaded = candidate.load();
      check(loaded.addon);
      return { ...loaded, errors };
    } catch (error) {
      errors.push(`${candidate.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { addon: null, binary: null, errors };
}

// An object literal, because Node detects the names for `import { load }` in this form only.
export = { load };
