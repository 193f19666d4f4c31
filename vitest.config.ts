import { defineConfig } from "vitest/config";

const SLOW = 600_000;

/**
 * Files on real hosts that measure how soon a deadman, a probe or a failover acts. They run last, and at most two at once,
 * so that each has a core.
 */
const TIMED = ["example-fleets", "failover", "hostd", "jobs", "services"].map(
  (name) => `test/hosts/${name}.test.ts`,
);

const onHosts = {
  globalSetup: "test/hosts/support/setup.ts",
  testTimeout: SLOW,
  hookTimeout: SLOW,
  // Most polls run a command. Without a pause between them they would take a core from other tests.
  expect: { poll: { interval: 500 } },
};

export default defineConfig({
  test: {
    reporters: ["default", "./test/reporter.ts"],
    // The groups run one after the other, each with as many files at once as it has workers.
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
          // Tests on hosts wait half of the time, so two at once would leave two cores idle.
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
