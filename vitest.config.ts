import { defineConfig } from "vitest/config";

const SLOW = 600_000;

/**
 * Test files that use real hosts and measure how soon a deadman, a probe or a failover acts. They run last.
 * At most two of them run at the same time, so that each has a CPU core.
 */
const TIMED = ["example-fleets", "failover", "heartbeats-and-restarts", "jobs", "services"].map(
  (name) => `test/hosts/${name}.test.ts`,
);

const onHosts = {
  globalSetup: "test/hosts/support/setup.ts",
  testTimeout: SLOW,
  hookTimeout: SLOW,
  // Most polls run a command. Without a pause between polls, these commands would use a CPU core that other
  // tests need.
  expect: { poll: { interval: 500 } },
};

export default defineConfig({
  test: {
    reporters: ["default", "./test/reporter.ts"],
    // The projects run one after another. Each worker of a project runs one test file at a time.
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
          // Tests on hosts spend half of the time waiting. With only two workers, two CPU cores would be
          // idle.
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
