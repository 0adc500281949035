import path = require("node:path");

/** What came of looking for the addon. */
interface Loaded {
  /** What the binary exports, not yet checked; `null` when none could be loaded. */
  addon: unknown;
  /** The path of the file that `addon` came from. */
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

/** dist/esm and dist/cjs are both two levels below the package. `bindings` would stop at dist/cjs,
 * which has a package.json of its own. */
const root = path.join(__dirname, "..", "..");

const candidates: Candidate[] = [
  {
    name: "build tree",
    load() {
      const bindings = require("bindings") as Bindings;
      // One place only: by default, what an old debug build left behind would come first.
      const binary = bindings({
        bindings: "maxmargin",
        module_root: root,
        try: [["module_root", "build", "Release", "bindings"]],
        path: true,
      });
      return { addon: require(binary) as unknown, binary };
    },
  },
];

/**
 * Loads the native addon from the first candidate that works. It never throws: without a binary the
 * caller falls back to JavaScript and shows `errors` to whoever asks why.
 *
 * Each candidate is caught by itself. `bindings` alone tries its own list only while files are
 * missing, and throws at the first one that is corrupt or made for another platform.
 *
 * This file is CommonJS, for the ES modules too, because `require` is what everybody understands:
 * bundlers follow a `require` written out in a CommonJS file, but not one made by `createRequire`,
 * and a static `import` of `bindings` would be evaluated, and could throw, outside of any `try`.
 */
function load(): Loaded {
  const errors: string[] = [];
  for (const candidate of candidates) {
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
