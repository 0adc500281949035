import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/install/*.test.ts"],
    globalSetup: "test/install/setup.ts",
    pool: "threads",
    // One after the other: one of them measures time, and package managers share their caches.
    fileParallelism: false,
    // Most of it is downloads.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
