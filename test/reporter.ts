import { relative } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";

const SLOWEST = 10;

/** Prints, at the end of a run, the slowest tests and files, and the line that other programs read. */
export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const broken = modules.filter((module) => module.state() === "failed" && !hasFailedTest(module)).length;
    const failed = count("failed") + broken + errors.length;
    print("Files on real hosts", modules.filter(isOnHosts).map(fileLine));
    print(`Slowest ${SLOWEST} tests`, tests.map(testLine), SLOWEST);
    printSkipped(modules);
    console.log(`\n${count("passed")} passed, ${failed} failed`);
  }
}

interface Line {
  readonly seconds: number;
  readonly text: string;
}

function fileLine(module: TestModule): Line {
  return { seconds: module.diagnostic().duration / 1000, text: fileOf(module) };
}

function testLine(test: TestCase): Line {
  const seconds = (test.diagnostic()?.duration ?? 0) / 1000;
  return { seconds, text: `${fileOf(test.module)}  ${test.fullName}` };
}

/** Prints the lines, with the longest time first. */
function print(title: string, lines: readonly Line[], most = lines.length): void {
  if (lines.length === 0) return;
  console.log(`\n${title}:`);
  for (const { seconds, text } of lines.toSorted((a, b) => b.seconds - a.seconds).slice(0, most)) {
    console.log(`${seconds.toFixed(1).padStart(8)} s  ${text}`);
  }
}

/**
 * Prints the number of skipped tests for each file on real hosts. Tests are skipped if, for example, the machine cannot
 * download a runtime.
 */
function printSkipped(modules: readonly TestModule[]): void {
  const skipped = modules.filter(isOnHosts).flatMap((module) => {
    const tests = [...module.children.allTests("skipped")].length;
    return tests === 0 ? [] : [`${fileOf(module)}: ${tests}`];
  });
  if (skipped.length > 0) console.log(`\nSkipped tests on real hosts:\n  ${skipped.join("\n  ")}`);
}

/**
 * Returns whether the tests of a file run on real hosts. Other files are not listed, because their tests and hooks take
 * only seconds.
 */
function isOnHosts({ project }: TestModule): boolean {
  return project.name.startsWith("hosts");
}

function fileOf({ moduleId, project }: TestModule): string {
  return relative(project.config.root, moduleId);
}

function hasFailedTest(module: TestModule): boolean {
  return [...module.children.allTests()].some((test) => test.result().state === "failed");
}
