import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exists } from "../../src/base/proc-stat.ts";

const SOURCE = join(import.meta.dirname, "../../src/program/end-with-engine.ts");

/** A program that never ends by itself, like a program whose engine never answers. */
const PROGRAM = `console.log(process.pid);
const begin = () => import(${JSON.stringify(SOURCE)}).then(({ endWithEngine }) => {
  endWithEngine();
  setInterval(() => {}, 1000);
});
setTimeout(begin, Number(process.env.BEGINS_AFTER));`;

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "muster-engine-"));
  // A process has the name of the file that it was started from.
  symlinkSync("/bin/sh", join(dir, "pulumi"));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Starts an engine, which starts a language host, which starts the program. */
async function run(beginsAfter: number) {
  const host = `"$0" --no-warnings -e "$1"; :`;
  const engine = spawn(
    join(dir, "pulumi"),
    ["-c", `sh -c '${host}' "$0" "$1"; :`, process.execPath, PROGRAM],
    {
      env: { ...process.env, BEGINS_AFTER: `${beginsAfter}` },
    },
  );
  const [line] = (await once(engine.stdout, "data")) as [Buffer];
  return { engine, program: Number(String(line)) };
}

test("a program ends soon after its engine was killed, even if its language host still runs", async () => {
  const { engine, program } = await run(0);
  await sleep(1500);
  expect(exists(program)).toBe(true);
  engine.kill("SIGKILL");
  await expect.poll(() => exists(program), { timeout: 5000 }).toBe(false);
});

test("a program ends immediately if its engine was killed before the program started", async () => {
  const { engine, program } = await run(1000);
  expect(exists(program)).toBe(true);
  engine.kill("SIGKILL");
  await once(engine, "exit");
  await expect.poll(() => exists(program), { timeout: 5000 }).toBe(false);
});
