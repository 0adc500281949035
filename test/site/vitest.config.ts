import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/site/*.test.ts"],
    server: { deps: { external: [/\/dist\/(esm|cjs)\//] } },
    pool: "threads",
    // Each file has a browser or a compiler of its own.
    maxWorkers: 1,
    // Every page is loaded, or the whole site is built again.
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
