import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { TURNS_FILE } from "../../src/model/host-paths.ts";
import { TURN_PROGRAM_TEXT } from "../../src/resources/turn-program.ts";

/** Returns a function that starts muster-turn in a temporary folder, and the time in seconds until it ends. */
function turns(text: string, job = "7") {
  const dir = mkdtempSync(join(tmpdir(), "muster-turns-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const program = join(dir, "muster-turn");
  writeFileSync(join(dir, "turns"), text);
  writeFileSync(
    program,
    TURN_PROGRAM_TEXT.replaceAll("/run/muster-turns", join(dir, "run")).replaceAll(
      TURNS_FILE,
      join(dir, "turns"),
    ),
  );
  writeFileSync(join(dir, "systemctl"), `#!/bin/sh\necho ${job}\n`);
  for (const name of ["muster-turn", "systemctl"]) chmodSync(join(dir, name), 0o755);
  const started: ChildProcess[] = [];
  onTestFinished(() => {
    for (const { pid } of started) if (pid !== undefined) endGroup(pid);
  });
  return (agent: string) => {
    const begin = Date.now();
    const child = spawn(program, [agent], {
      ...{ env: { PATH: `${dir}:${process.env["PATH"]}` }, stdio: "inherit", detached: true },
    });
    started.push(child);
    const end = new Promise<number>((resolve) =>
      child.once("exit", () => resolve((Date.now() - begin) / 1000)),
    );
    return { pid: child.pid ?? 0, end };
  };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has ended already.
  }
}

test("agents with a common gate get their turns one after another, and other agents do not wait", async () => {
  const turn = turns("a host=1\nb host=1\nc host=1\nother provider-x=1\n");
  const all = ["a", "b", "c"].map((name) => turn(name).end);
  expect(await turn("other").end).toBeLessThan(1);
  expect(await turn("unknown").end).toBeLessThan(1);
  const [first = 0, second = 0, third = 0] = (await Promise.all(all)).sort((a, b) => a - b);
  expect(first).toBeLessThan(1);
  expect(second - first).toBeGreaterThan(0.9);
  expect(third - second).toBeGreaterThan(0.9);
});

test("an agent with several gates waits for all of them", async () => {
  const turn = turns("a host=1\nb provider-x=2\nc host=1 provider-x=2\n");
  await Promise.all([turn("a").end, turn("b").end]);
  expect(await turn("c").end).toBeGreaterThan(1.5);
});

test("a killed waiter delays no other agent", async () => {
  const turn = turns("a host=2\nb host=2\nc host=2\n");
  await turn("a").end;
  const killed = turn("b");
  const last = turn("c").end;
  endGroup(killed.pid);
  expect(await last).toBeLessThan(3);
});

test("an agent whose start was cancelled uses no turn", async () => {
  const turn = turns("a host=1\nb host=1\nc host=1\n", "");
  await turn("a").end;
  expect(await turn("b").end).toBeGreaterThan(0.5);
  expect(await turn("c").end).toBeLessThan(0.8);
});
