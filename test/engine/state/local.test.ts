import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { PulumiProject } from "../../../src/engine/project.ts";
import { readyState } from "../../../src/engine/state/ready-state.ts";
import { type Sandbox, sandbox } from "../sandbox.ts";

const MINUTE = 60_000;

let box: Sandbox;
let project: PulumiProject;
let reported: string[];

beforeEach(() => {
  box = sandbox();
  project = {
    dir: box.home,
    name: "fleet",
    backend: "file://./.state",
    stackConfigDir: "stacks",
    isMusterProgram: true,
  };
  reported = [];
});

/**
 * Writes a lock as the engine does, prepares the state for a run, and returns whether the lock still exists.
 */
async function survives(
  lock: { pid?: number; hostname?: string; timestamp?: string } | string,
): Promise<boolean> {
  const dir = join(box.home, ".state/.pulumi/locks/organization/fleet/prod");
  const file = join(dir, "0b0c.json");
  mkdirSync(dir, { recursive: true });
  const whole = { username: "eve", hostname: hostname(), timestamp: new Date().toISOString() };
  writeFileSync(file, typeof lock === "string" ? lock : JSON.stringify({ ...whole, ...lock }));
  const ready = readyState({ pulumi: "/bin/false", project, stack: "prod" }, (line) => reported.push(line));
  await ready.catch((error: Error) => reported.push(error.message));
  return existsSync(file);
}

function ago(milliseconds: number): string {
  return new Date(Date.now() - milliseconds).toISOString();
}

async function deadPid(): Promise<number> {
  const child = execa("true");
  await child;
  return child.pid as number;
}

/** Starts a process that sleeps under the name `program`. */
async function living(program: string): Promise<number> {
  const file = join(box.bin, program);
  copyFileSync("/bin/sleep", file);
  const child = execa(file, ["60"], { reject: false });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((done) => child.once("spawn", done));
  return child.pid as number;
}

test("the lock of a process that has ended is removed, and one line reports the removal", async () => {
  const pid = await deadPid();
  expect(await survives({ pid, timestamp: "2026-01-02T03:04:05Z" })).toBe(false);
  expect(reported).toEqual([
    `removed the lock of stack prod that eve@${hostname()} (process ${pid}) took at 2026-01-02T03:04:05Z: that run was killed`,
  ]);
});

test("a lock is removed if its process id now belongs to another program", async () => {
  expect(await survives({ pid: await living("backup") })).toBe(false);
});

test("the lock of a running pulumi process is kept", async () => {
  expect(await survives({ pid: await living("pulumi") })).toBe(true);
  expect(reported).toEqual([
    expect.stringMatching(
      /^stack prod is locked: eve@\S+ \(process \d+\) has been working on it since \S+ \(\ds\)\./,
    ),
  ]);
});

test("a lock is removed if its process id now belongs to a pulumi process that started later", async () => {
  expect(await survives({ pid: await living("pulumi"), timestamp: ago(10 * MINUTE) })).toBe(false);
});

test("a lock is kept if its pulumi process seems slightly younger than the lock, because the clock might have changed", async () => {
  expect(await survives({ pid: await living("pulumi"), timestamp: ago(MINUTE / 2) })).toBe(true);
});

test("a lock is kept if it is unreadable or belongs to another machine", async () => {
  expect(await survives({ pid: await deadPid(), hostname: "elsewhere" })).toBe(true);
  expect(await survives('{"pid": 1')).toBe(true);
  expect(await survives({ hostname: hostname() })).toBe(true);
});

test("a lock is kept if it belongs to another stack, or if the state is stored elsewhere", async () => {
  const pid = await deadPid();
  project = { ...project, backend: "s3://bucket" };
  expect(await survives({ pid })).toBe(true);
  project = { ...project, backend: "file://./.state", name: "other" };
  expect(await survives({ pid })).toBe(true);
});
