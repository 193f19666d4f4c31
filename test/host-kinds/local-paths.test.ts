import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { refuseOtherSystems } from "../../src/host-kinds/local/nspawn/call-helper.ts";
import { contains, rangeOf } from "../../src/host-kinds/local/nspawn/helper/ip-range.ts";
import { baseName } from "../../src/host-kinds/local/nspawn/image-recipe.ts";
import { localHosts } from "../../src/host-kinds/local/nspawn/index.ts";
import { hostPaths } from "../../src/host-kinds/local/nspawn/local-host-paths.ts";
import { planMissing } from "../../src/host-kinds/local/nspawn/requirements.ts";
import { answersSsh } from "../../src/host-kinds/local/nspawn/ssh-banner.ts";
import { supervisorPid } from "../../src/host-kinds/local/nspawn/supervisor-process.ts";

let dir = "";
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "muster-cloud-")));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

test("hosts with the same name are different hosts if they belong to different projects or caches", () => {
  const paths = [hostPaths("/c", "/p", "hub"), hostPaths("/c", "/q", "hub"), hostPaths("/d", "/p", "hub")];
  expect(new Set(paths.map(({ id }) => id)).size).toBe(3);
  expect(hostPaths("/c", "/p", "hub").id).toMatch(/^[0-9a-f]{8}-hub$/);
});

test("a new project has no local hosts, and needs no root access to list them", async () => {
  vi.stubEnv("MUSTER_CACHE", join(dir, "cache"));
  const hosts = localHosts(dir);
  expect(hosts.list()).toEqual([]);
  expect(hosts.state("hub")).toBe("absent");
  expect(hosts.find("hub")).toBeUndefined();
  await hosts.remove("hub");
  await hosts.clean();
});

test("a host that a killed run has left incomplete counts as stopped and can therefore be removed", () => {
  vi.stubEnv("MUSTER_CACHE", join(dir, "cache"));
  mkdirSync(join(hostPaths(join(dir, "cache/local"), dir, "hub").dir, "disk"), { recursive: true });
  expect(localHosts(dir).state("hub")).toBe("stopped");
});

test("the supervisor's process ID is returned only while the supervisor runs", async () => {
  const supervisor = spawn("sleep", ["60"]);
  await once(supervisor, "spawn");
  writeFileSync(join(dir, "pid"), readFileSync(`/proc/${supervisor.pid}/stat`));
  expect(supervisorPid(dir)).toBe(supervisor.pid);
  supervisor.kill();
  await once(supervisor, "exit");
  expect(supervisorPid(dir)).toBeUndefined();
});

test("a missing, truncated or empty pid file means that no supervisor runs", () => {
  expect(supervisorPid(dir)).toBeUndefined();
  for (const text of ["", "1", "1 (sh) S 0", "x".repeat(100)]) {
    writeFileSync(join(dir, "pid"), text);
    expect(supervisorPid(dir)).toBeUndefined();
  }
});

test("overlapping networks of hosts are recognized", () => {
  const overlap = (a: string, b: string) => contains(rangeOf(a), rangeOf(b));
  expect(overlap("10.0.0.0/8", "10.213.4.0/24")).toBe(true);
  expect(overlap("10.213.4.0/24", "10.213.4.77")).toBe(true);
  expect(overlap("10.213.4.0/24", "10.213.5.0/24")).toBe(false);
  expect(overlap("192.168.0.0/23", "192.168.1.0/24")).toBe(true);
  expect(overlap("192.168.0.0/23", "192.168.2.0/24")).toBe(false);
});

test("each version of Node.js has its own base image", () => {
  expect(baseName("24.1.0")).toMatch(/^base-[0-9a-f]{12}$/);
  expect(baseName("24.1.0")).not.toBe(baseName("24.2.0"));
});

test("each missing program is reported with the command that installs it", () => {
  const missing = planMissing(() => false);
  expect(missing).toContain("debootstrap is not installed: run `sudo apt-get install debootstrap`.");
  for (const sentence of missing) expect(sentence).toMatch(/: (run|install) .*\.$/);
  expect(planMissing((program) => program !== "nft")).toContain(
    "nftables is not installed: run `sudo apt-get install nftables`.",
  );
});

test("the error on a system other than Linux says that local hosts need Linux", () => {
  expect(() => refuseOtherSystems("darwin")).toThrow(/this is darwin\. Declare hosts of `kind: ssh`/);
  expect(() => refuseOtherSystems("linux")).not.toThrow();
});

test("only a server that sends an SSH banner counts as an SSH server", async () => {
  expect(await answersSsh("127.0.0.1", await serving("SSH-2.0-test\r\n"))).toBe(true);
  expect(await answersSsh("127.0.0.1", await serving("HTTP/1.1 400 Bad Request\r\n"))).toBe(false);
  expect(await answersSsh("127.0.0.1", 1)).toBe(false);
});

async function serving(greeting: string): Promise<number> {
  const server = createServer((socket) => socket.end(greeting)).listen(0, "127.0.0.1");
  server.unref();
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("the error for a user without root and sudo says what to do", async () => {
  const bin = join(dir, "bin");
  mkdirSync(bin);
  vi.stubEnv("PATH", bin);
  vi.stubEnv("MUSTER_CACHE", join(dir, "cache"));
  vi.spyOn(process, "getuid").mockReturnValue(1000);
  const create = localHosts(dir).create({ name: "hub", publicKey: "ssh-ed25519 AAAA" });
  await expect(create).rejects.toThrow(/needs root: sudo is not installed\. Install sudo/);
  writeFileSync(join(bin, "sudo"), "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n", {
    mode: 0o755,
  });
  const again = localHosts(dir).create({ name: "hub", publicKey: "ssh-ed25519 AAAA" });
  await expect(again).rejects.toThrow(/sudo would have to ask for a password\. Run `sudo -v`/);
  vi.restoreAllMocks();
});
