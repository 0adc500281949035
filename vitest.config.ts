import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Commands of their own: test:install, test:recipes and test:site.
    exclude: ["test/install", "test/recipes", "test/site"],
    // Worker threads, not processes: the addon has to live in them, and an emulator that runs the
    // tests for another processor reaches threads only.
    pool: "threads",
    // One file at a time: setNumThreads is for the whole process, and would reach the tests of other
    // files. test:quick runs two files at once, each in a process.
    maxWorkers: 1,
    // The tests import "maxmargin" as users do. Node itself loads it from dist, untransformed.
    server: { deps: { external: [/\/dist\/(esm|cjs)\//] } },
    // No test waits for anything that may not come: a limit only catches what hangs, however busy the machine is.
    testTimeout: 60_000,
    typecheck: {
      enabled: true,
      include: ["test/**/*.test-d.ts"],
      tsconfig: "./tsconfig.types.json",
    },
  },
});
