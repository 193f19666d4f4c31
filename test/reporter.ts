import type { Reporter, TestCase, TestModule } from "vitest/node";

const SLOWEST = 10;

/** Ends a run with its ten slowest tests and the one line that other programs read. */
export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const broken = modules.filter((module) => module.state() === "failed" && !hasFailedTest(module)).length;
    const failed = count("failed") + broken + errors.length;
    const slowest = [...tests].sort((a, b) => duration(b) - duration(a)).slice(0, SLOWEST);
    console.log("\nSlowest:");
    for (const test of slowest) console.log(`  ${(duration(test) / 1000).toFixed(1)} s  ${test.fullName}`);
    console.log(`\n${count("passed")} passed, ${failed} failed`);
  }
}

function duration(test: TestCase): number {
  return test.diagnostic()?.duration ?? 0;
}

function hasFailedTest(module: TestModule): boolean {
  return [...module.children.allTests()].some((test) => test.result().state === "failed");
}
