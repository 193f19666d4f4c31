import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { exists } from "../../src/base/processes.ts";

const SOURCE = join(import.meta.dirname, "../../src/program/end-with-engine.ts");

/** A program that would stay for ever, as one whose engine never answers. */
const PROGRAM = `import(${JSON.stringify(SOURCE)}).then(({ endWithEngine }) => {
  endWithEngine();
  setInterval(() => {}, 1000);
  console.log(process.pid);
})`;

test("a program whose engine was killed is gone soon after, though what started it still runs", async () => {
  // An engine, the language host that it starts, and the program that this starts.
  const host = `"$0" --no-warnings -e "$1"; :`;
  const engine = spawn("sh", ["-c", `sh -c '${host}' "$0" "$1"; :`, process.execPath, PROGRAM]);
  const [line] = (await once(engine.stdout, "data")) as [Buffer];
  const program = Number(String(line));
  await sleep(1500);
  expect(exists(program)).toBe(true);
  engine.kill("SIGKILL");
  await expect.poll(() => exists(program), { timeout: 5000 }).toBe(false);
});
