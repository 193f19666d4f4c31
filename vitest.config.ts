import { defineConfig } from "vitest/config";

const SLOW = 600_000;

export default defineConfig({
  test: {
    reporters: ["default", "./test/reporter.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/hosts/**"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "hosts",
          include: ["test/hosts/**/*.test.ts"],
          globalSetup: "test/hosts/support/setup.ts",
          // The tests share two cores and booted hosts: one after the other.
          fileParallelism: false,
          testTimeout: SLOW,
          hookTimeout: SLOW,
        },
      },
    ],
  },
});
