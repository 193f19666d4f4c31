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
import { hostPlace } from "../../src/host-kinds/local/nspawn/local-host-paths.ts";
import { planMissing } from "../../src/host-kinds/local/nspawn/requirements.ts";
import { saysSsh } from "../../src/host-kinds/local/nspawn/ssh-banner.ts";
import { supervisorPid } from "../../src/host-kinds/local/nspawn/supervisor-process.ts";

let dir = "";
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "muster-cloud-")));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

test("hosts of one name in two projects, or in two caches, are two hosts", () => {
  const places = [hostPlace("/c", "/p", "hub"), hostPlace("/c", "/q", "hub"), hostPlace("/d", "/p", "hub")];
  expect(new Set(places.map((place) => place.id)).size).toBe(3);
  expect(hostPlace("/c", "/p", "hub").id).toMatch(/^[0-9a-f]{8}-hub$/);
});

test("a project that never had a host has none, and asking needs no root", async () => {
  vi.stubEnv("MUSTER_CACHE", join(dir, "cache"));
  const hosts = localHosts(dir);
  expect(hosts.list()).toEqual([]);
  expect(hosts.state("hub")).toBe("absent");
  expect(hosts.find("hub")).toBeUndefined();
  await hosts.remove("hub");
  await hosts.clean();
});

test("a host that was half made or half removed by a run that was killed is there, so that it can be removed", () => {
  vi.stubEnv("MUSTER_CACHE", join(dir, "cache"));
  mkdirSync(join(hostPlace(join(dir, "cache/local"), dir, "hub").dir, "disk"), { recursive: true });
  expect(localHosts(dir).state("hub")).toBe("stopped");
});

test("a host counts as running while its supervisor lives, and as stopped after", async () => {
  const supervisor = spawn("sleep", ["60"]);
  await once(supervisor, "spawn");
  writeFileSync(join(dir, "pid"), readFileSync(`/proc/${supervisor.pid}/stat`));
  expect(supervisorPid(dir)).toBe(supervisor.pid);
  supervisor.kill();
  await once(supervisor, "exit");
  expect(supervisorPid(dir)).toBeUndefined();
});

test("a pid file that is missing, torn or empty tells of no supervisor", () => {
  expect(supervisorPid(dir)).toBeUndefined();
  for (const text of ["", "1", "1 (sh) S 0", "x".repeat(100)]) {
    writeFileSync(join(dir, "pid"), text);
    expect(supervisorPid(dir)).toBeUndefined();
  }
});

test("networks that share an address are told from those that do not", () => {
  const touch = (a: string, b: string) => contains(rangeOf(a), rangeOf(b));
  expect(touch("10.0.0.0/8", "10.213.4.0/24")).toBe(true);
  expect(touch("10.213.4.0/24", "10.213.4.77")).toBe(true);
  expect(touch("10.213.4.0/24", "10.213.5.0/24")).toBe(false);
  expect(touch("192.168.0.0/23", "192.168.1.0/24")).toBe(true);
  expect(touch("192.168.0.0/23", "192.168.2.0/24")).toBe(false);
});

test("a base made for another Node has another name", () => {
  expect(baseName("24.1.0")).toMatch(/^base-[0-9a-f]{12}$/);
  expect(baseName("24.1.0")).not.toBe(baseName("24.2.0"));
});

test("what the machine lacks is reported with the command that installs it", () => {
  const missing = planMissing(() => false);
  expect(missing).toContain("debootstrap is not installed: run `sudo apt-get install debootstrap`.");
  for (const sentence of missing) expect(sentence).toMatch(/: (run|install) .*\.$/);
  expect(planMissing((program) => program !== "nft")).toContain(
    "nftables is not installed: run `sudo apt-get install nftables`.",
  );
});

test("a machine that is not Linux gets one sentence", () => {
  expect(() => refuseOtherSystems("darwin")).toThrow(/this is darwin\. Declare hosts of `kind: ssh`/);
  expect(() => refuseOtherSystems("linux")).not.toThrow();
});

test("only a server that greets as SSH does counts as one", async () => {
  expect(await saysSsh("127.0.0.1", await serving("SSH-2.0-test\r\n"))).toBe(true);
  expect(await saysSsh("127.0.0.1", await serving("HTTP/1.1 400 Bad Request\r\n"))).toBe(false);
  expect(await saysSsh("127.0.0.1", 1)).toBe(false);
});

async function serving(greeting: string): Promise<number> {
  const server = createServer((socket) => socket.end(greeting)).listen(0, "127.0.0.1");
  server.unref();
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("without root and without sudo the sentence says what to do", async () => {
  const bin = join(dir, "bin");
  mkdirSync(bin);
  vi.stubEnv("PATH", bin);
  vi.stubEnv("MUSTER_CACHE", join(dir, "cache"));
  vi.spyOn(process, "getuid").mockReturnValue(1000);
  const create = localHosts(dir).create({ name: "hub", publicKey: "ssh-ed25519 AAAA" });
  await expect(create).rejects.toThrow(/needs root: there is no sudo here\. Install sudo/);
  writeFileSync(join(bin, "sudo"), "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n", {
    mode: 0o755,
  });
  const again = localHosts(dir).create({ name: "hub", publicKey: "ssh-ed25519 AAAA" });
  await expect(again).rejects.toThrow(/sudo would have to ask for a password\. Run `sudo -v`/);
  vi.restoreAllMocks();
});
