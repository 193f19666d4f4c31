import { defineConfig } from "vitest/config";

const SLOW = 600_000;

/**
 * Files on real hosts that count seconds: how soon a deadman, a probe or a failover acts. They come last, and leave each
 * other a core.
 */
const TIMED = ["failover", "hostd", "jobs", "seeds", "services"].map((name) => `test/hosts/${name}.test.ts`);

const onHosts = {
  globalSetup: "test/hosts/support/setup.ts",
  testTimeout: SLOW,
  hookTimeout: SLOW,
  // Most of what is polled is a command: one after the other without a pause would take a core from its neighbours.
  expect: { poll: { interval: 500 } },
};

export default defineConfig({
  test: {
    reporters: ["default", "./test/reporter.ts"],
    // One group after the other, each with as many files at once as its workers.
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/hosts/**"],
          testTimeout: 30_000,
          maxWorkers: "100%",
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...onHosts,
          name: "hosts",
          include: ["test/hosts/**/*.test.ts"],
          exclude: TIMED,
          // Half of what a test on hosts takes is waiting, so two would leave two cores idle.
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...onHosts,
          name: "hosts-timed",
          include: TIMED,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
