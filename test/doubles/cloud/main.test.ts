import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let dir: string;
let running: ChildProcess | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "muster-cloud-"));
});

afterEach(async () => {
  await end("SIGTERM");
  rmSync(dir, { recursive: true });
});

interface Started {
  readonly url: string;
  readonly token: string;
}

async function start(): Promise<Started> {
  const args = ["--no-warnings", join(import.meta.dirname, "main.ts"), "--state", dir, "--no-hosts"];
  const program = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  running = program;
  const [line] = (await once(program.stdout, "data")) as [Buffer];
  return JSON.parse(line.toString()) as Started;
}

async function end(signal: NodeJS.Signals): Promise<void> {
  if (running === undefined) return;
  running.kill(signal);
  await once(running, "exit");
  running = undefined;
}

test("a cloud double that was started from the command line keeps its data after a kill and a restart", async () => {
  const first = await start();
  const made = await fetch(`${first.url}/v2/droplets`, {
    method: "POST",
    headers: { authorization: `Bearer ${first.token}` },
    body: JSON.stringify({ name: "hub", region: "fra1", size: "s-1vcpu-1gb", image: "debian-12-x64" }),
  });
  expect(made.status).toBe(202);
  await end("SIGKILL");
  const second = await start();
  expect(second.token).toBe(first.token);
  await fetch(`${second.url}/admin/settled`, { method: "POST" });
  const droplets = await (await fetch(`${second.url}/admin/droplets`, { method: "POST" })).json();
  expect(droplets).toMatchObject([{ name: "hub", status: "active" }]);
});
