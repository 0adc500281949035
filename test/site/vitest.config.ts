import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/site/**/*.test.ts"],
    server: { deps: { external: [/\/dist\/(esm|cjs)\//] } },
    maxWorkers: 1,
    testTimeout: 60_000,
  },
});
