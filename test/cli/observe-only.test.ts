import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { observeHosts } from "../../src/cli/observe/hosts.ts";
import { parseMachine } from "../../src/cli/observe-only/machine.ts";
import { MACHINE_SCRIPT } from "../../src/cli/observe-only/script.ts";
import type { SshHostSpec } from "../../src/host-kinds/ssh/index.ts";
import { fleetOf } from "../fixtures/fleet.ts";
import { MACHINE } from "./support/answers.ts";

/** Runs the script with these programs first in PATH, and returns the script's output. */
function answerOf(programs: Readonly<Record<string, string>> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), "muster-mac-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(dir, name), `#!/bin/sh\ncat <<'EOF'\n${text}\nEOF\n`);
    chmodSync(join(dir, name), 0o755);
  }
  const script = `say() { echo "$*"; }\n${MACHINE_SCRIPT}`;
  const env = { PATH: `${dir}:${process.env["PATH"]}`, LC_ALL: "C" };
  return execFileSync("/bin/sh", ["-c", script], { env, encoding: "utf8" }).trim();
}

test("a Linux machine's health is observed without the host runtime", () => {
  const machine = parseMachine("box", answerOf());
  expect(machine.cores).toBeGreaterThan(0);
  expect(machine.uptime).toBeGreaterThan(0);
  expect(machine.memory.size).toBeGreaterThan(2 ** 28);
  expect(machine.memory.used).toBeLessThanOrEqual(100);
  expect(machine.failed).toEqual([]);
});

test("a Mac's health is observed with the Mac's own tools", () => {
  const sysctl = `case $2 in
    kern.boottime) echo "{ sec = $(($(date +%s) - 90061)), usec = 0 } Thu Jan  1 00:00:00 1970" ;;
    hw.memsize) echo 17179869184 ;;
  esac`;
  const answer = answerOf({
    uname: "Darwin",
    getconf: "8",
    uptime: "12:00  up 1 day,  1:01, 2 users, load averages: 1.50 2.25 3.00",
    vm_stat:
      "Mach Virtual Memory Statistics: (page size of 16384 bytes)\nPages free:                               65536.\n" +
      "Pages active:                            300000.\nPages inactive:                          131072.\n" +
      "Pages speculative:                        65536.",
    df:
      "Filesystem     1024-blocks      Used Available Capacity  Mounted on\n" +
      "/dev/disk3s1s1   482797652  11081596 200000000     6%    /\ndevfs 200 200 0 100% /dev\n" +
      "/dev/disk4s1     100000000  91000000   9000000    91%    /Volumes/My Disk",
    sysctl: `EOF\n${sysctl}\ncat <<'EOF'`,
  });
  const { uptime, ...rest } = parseMachine("hub", answer.replaceAll(/\s+/g, " "));
  expect(Math.abs(uptime - 90_061)).toBeLessThan(5);
  expect(rest).toEqual({
    cores: 8,
    load: 2.25,
    memory: { size: 2 ** 34, used: 75 },
    disks: [
      { path: "/", size: 482797652 * 1024, used: 6 },
      { path: "/Volumes/My Disk", size: 100000000 * 1024, used: 91 },
    ],
    failed: [],
  });
});

test("an unsupported system or an invalid reply causes an error", () => {
  expect(answerOf({ uname: "FreeBSD" })).toBe("failed FreeBSD is not supported");
  expect(() => parseMachine("hub", "8 x 1 2 3")).toThrow(/hub: its answer cannot be read/);
});

test("a host with `observe: only` is observed without the host runtime", async () => {
  const mac: SshHostSpec = {
    ...{ kind: "ssh", name: "mac", address: "192.0.2.1", hostKeys: ["ssh-ed25519 AAAA"], observe: "only" },
    ...{ connectTimeout: 10, availability: "intermittent", formerly: [], protect: false },
  };
  const fleet = { ...fleetOf(), hosts: { mac } };
  const observed: string[] = [];
  const { rows } = await observeHosts(
    fleet,
    {},
    () => Promise.reject(new Error("its runtime was queried")),
    async (host) => {
      observed.push(host);
      return MACHINE;
    },
  );
  expect(observed).toEqual(["mac"]);
  expect(rows).toEqual([{ host: "mac", machine: MACHINE, ailments: [] }]);
});
