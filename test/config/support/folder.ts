import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { type CheckedFleet, checkFleet } from "../../../src/config/check-fleet.ts";
import { formatProblem, type Problem } from "../../../src/config/problem.ts";

/** A small valid fleet. Each test makes one place in this fleet invalid. */
export const FLEET = `apiVersion: muster/v1
kind: Fleet
name: test
hosts:
  hub: {kind: local}
  east: {kind: ssh, address: 192.0.2.1}
tenants:
  arc: {}
credentials:
  iris-key: {from: "config:iris-key", type: api-key, env: API_KEY}
identities:
  iris: {soul: SOUL.md}
  loom: {soul: SOUL.md}
contacts:
  iris: {type: agent}
  loom: {type: agent}
agents:
  iris: {host: hub, tenant: arc, credentials: [iris-key], routesTo: [loom], command: [/bin/true]}
  loom: {host: east, tenant: arc, command: [/bin/true]}
`;

/** Creates a temporary folder, which is the working directory and contains the cache while the test file runs. */
export function useFolder(): { path: string } {
  const folder = { path: "" };
  const before = { cwd: process.cwd, cache: process.env["MUSTER_CACHE"] };
  beforeAll(() => {
    folder.path = mkdtempSync(join(tmpdir(), "muster-spec-"));
    process.cwd = () => folder.path;
    process.env["MUSTER_CACHE"] = join(folder.path, "cache");
    write(folder.path, { "SOUL.md": "# Test\n" });
  });
  afterAll(() => {
    process.cwd = before.cwd;
    process.env["MUSTER_CACHE"] = before.cache;
    if (before.cache === undefined) delete process.env["MUSTER_CACHE"];
    rmSync(folder.path, { recursive: true, force: true });
  });
  return folder;
}

/** Writes files to a folder. The keys are the files' paths in the folder. */
export function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
}

/** Checks a fleet.yaml with this text in a folder. */
export function check(folder: { path: string }, text: string | Uint8Array): CheckedFleet {
  write(folder.path, { "fleet.yaml": text });
  return checkFleet(join(folder.path, "fleet.yaml"));
}

/** Replaces a passage of the small fleet. The fleet must contain this passage. */
export function broken(passage: string, replacement: string): string {
  if (!FLEET.includes(passage)) throw new Error(`the fleet has no ${passage}`);
  return FLEET.replace(passage, () => replacement);
}

/** Formats problems as they are printed. */
export function lines(problems: readonly Problem[]): string[] {
  return problems.map(formatProblem);
}
