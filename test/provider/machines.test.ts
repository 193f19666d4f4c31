import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ensureKey } from "../../src/provider/machines.ts";

it("a key pair of which a killed run made one half is made anew, and kept from then on", async () => {
  const project = mkdtempSync(join(tmpdir(), "muster-machines-"));
  onTestFinished(() => rmSync(project, { recursive: true }));
  mkdirSync(join(project, ".muster/ssh"), { recursive: true });
  writeFileSync(join(project, ".muster/ssh/id_ed25519"), "half of a key");
  const made = await ensureKey(project);
  expect(made).toMatch(/^ssh-ed25519 /);
  expect(await ensureKey(project)).toBe(made);
});
