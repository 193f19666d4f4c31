import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { ensureLocalKey } from "../../../src/host-kinds/local/provider/local-host-control.ts";

function projectDir(): string {
  const project = mkdtempSync(join(tmpdir(), "muster-machines-"));
  onTestFinished(() => rmSync(project, { recursive: true }));
  return project;
}

it("several calls while the key pair is being created all return the same complete key", async () => {
  const project = projectDir();
  const calls: Promise<string>[] = [];
  let isMade = false;
  void ensureLocalKey(project).then(() => {
    isMade = true;
  });
  while (!isMade) {
    calls.push(ensureLocalKey(project));
    await setImmediate();
  }
  const [key, ...others] = new Set(await Promise.all(calls));
  expect(key).toMatch(/^ssh-ed25519 \S{60,} muster$/);
  expect(others).toEqual([]);
});

it("an incomplete key pair of a killed run is replaced by a complete key pair, which is then kept", async () => {
  const project = projectDir();
  mkdirSync(join(project, ".muster/ssh"), { recursive: true });
  writeFileSync(join(project, ".muster/ssh/id_ed25519"), "half of a key");
  const made = await ensureLocalKey(project);
  expect(made).toMatch(/^ssh-ed25519 /);
  expect(await ensureLocalKey(project)).toBe(made);
});
