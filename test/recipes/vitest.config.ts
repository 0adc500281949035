import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/recipes/*.test.ts"],
    pool: "threads",
    // Most of it is downloads.
    hookTimeout: 300_000,
    // The first import of a large package reads hundreds of files.
    testTimeout: 60_000,
  },
});
