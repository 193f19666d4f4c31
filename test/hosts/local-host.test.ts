import { execFileSync } from "node:child_process";
import {
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cacheDir, packageRoot } from "../../src/base/muster-folders.ts";
import { localHosts } from "../../src/host-kinds/local/nspawn/index.ts";
import { hostPaths } from "../../src/host-kinds/local/nspawn/local-host-paths.ts";
import { localDir } from "../../src/host-kinds/local/nspawn/local-host-state.ts";
import { hostNode } from "../../src/host-kinds/local/nspawn/node-for-hosts.ts";

const project = mkdtempSync(join(tmpdir(), "muster-local-"));
const hosts = localHosts(project);
const names = ["one", "two", "three"];
const keyFile = join(project, "key");

function makeKey(file: string): string {
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  return readFileSync(`${file}.pub`, "utf8");
}

/** Runs a command on a host over strict ssh, with only the host keys that Muster has recorded. */
async function onHost(name: string, command: string, key = keyFile) {
  const target = hosts.find(name);
  if (target === undefined) throw new Error(`there is no host ${name}`);
  const knownHosts = join(project, `known_hosts-${name}`);
  writeFileSync(knownHosts, target.hostKeys.map((hostKey) => `${target.address} ${hostKey}\n`).join(""));
  const strict = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile=${knownHosts}`,
    "IdentitiesOnly=yes",
  ];
  const options = strict.flatMap((option) => ["-o", option]);
  return execa("ssh", ["-i", key, ...options, `root@${target.address}`, command], { reject: false });
}

function asRoot(command: readonly [string, ...string[]], input: string) {
  const [program, ...args] = process.getuid?.() === 0 ? command : ["sudo", "-n", ...command];
  return execa(program as string, args as string[], { input, reject: false });
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await what()); await sleep(200)) {
    if (Date.now() > end) throw new Error("still not true after 30 s");
  }
}

/** Returns the processes, mounts, links, cgroups and disks on this machine that belong to hosts with these IDs. */
function leftovers(ids: readonly string[]): string[] {
  const processes = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n");
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n");
  const links = readdirSync("/sys/class/net");
  const cgroups = globSync(["/sys/fs/cgroup/muster/*", "/sys/fs/cgroup/*/muster/*"]);
  const disks = readdirSync(join(cacheDir(), "local/hosts"));
  return [...processes, ...mounts, ...links, ...cgroups, ...disks].filter((line) =>
    ids.some((id) => line.includes(id)),
  );
}

function idsOf(wanted: readonly string[]): string[] {
  return wanted.map((name) => hostPaths(localDir(), realpathSync(project), name).id);
}

let publicKey = "";
beforeAll(async () => {
  publicKey = makeKey(keyFile);
  await hosts.prepare();
});
afterAll(async () => {
  await Promise.all(hosts.list().map((name) => hosts.remove(name)));
  rmSync(project, { recursive: true });
});

test("three hosts that are created simultaneously each run their own systemd and have their own host key", async () => {
  expect(names.map((name) => hosts.state(name))).toEqual(["absent", "absent", "absent"]);
  const made = await Promise.all(names.map((name) => hosts.create({ name, publicKey })));
  expect(new Set(made.map((host) => host.address)).size).toBe(3);
  expect(new Set(made.flatMap((host) => host.hostKeys)).size).toBe(3);
  for (const name of names) {
    const seen = await onHost(
      name,
      "hostname; systemctl is-system-running --wait; systemctl --failed --no-legend",
    );
    expect(seen.stdout).toBe(`${name}\nrunning`);
    expect(hosts.state(name)).toBe("running");
  }
  const ids = await Promise.all(names.map((name) => onHost(name, "cat /etc/machine-id")));
  expect(new Set(ids.map(({ stdout }) => stdout)).size).toBe(3);
});

test("apt on a local host can install a package from this machine's package mirror", async () => {
  const install = "apt-get update -qq && apt-get install -qq --no-install-recommends hello && hello";
  expect((await onHost("one", install)).stdout).toMatch(/Hello, world!$/);
});

test("creating an existing host again changes and restarts nothing", async () => {
  const before = await onHost(
    "one",
    "cat /proc/sys/kernel/random/boot_id /etc/machine-id; stat -c %y /proc/1",
  );
  const found = hosts.find("one");
  expect(await hosts.create({ name: "one", publicKey })).toMatchObject({ address: found?.address ?? "" });
  const after = await onHost(
    "one",
    "cat /proc/sys/kernel/random/boot_id /etc/machine-id; stat -c %y /proc/1",
  );
  expect(after.stdout).toBe(before.stdout);
});

test("two runs that create the same host simultaneously create only one host", async () => {
  const both = await Promise.all([1, 2].map(() => hosts.create({ name: "two", publicKey })));
  expect(both[0]).toEqual(both[1]);
});

test("a new login key replaces the old one without a restart", async () => {
  const other = join(project, "other");
  await hosts.create({ name: "three", publicKey: makeKey(other) });
  expect((await onHost("three", "true", other)).exitCode).toBe(0);
  expect((await onHost("three", "true")).stderr).toContain("Permission denied");
  await hosts.create({ name: "three", publicKey });
});

test("a unit's memory limit is enforced on a local host", async () => {
  const hungry = `systemd-run --quiet --wait -p MemoryMax=20M python3 -c 'x = b"x" * 80_000_000'`;
  expect((await onHost("one", hungry)).exitCode).not.toBe(0);
  expect((await onHost("one", hungry.replace("20M", "200M"))).exitCode).toBe(0);
});

test("a host that reboots itself keeps its files", async () => {
  await onHost("one", "echo kept > /root/kept; sync; touch /run/before-reboot; systemctl reboot");
  await until(async () => (await onHost("one", "test -e /run/before-reboot")).exitCode === 1);
  expect((await onHost("one", "cat /root/kept; systemctl is-system-running --wait")).stdout).toBe(
    "kept\nrunning",
  );
  expect(hosts.state("one")).toBe("running");
});

test("a stopped host can be booted again, and keeps its address and its host keys", async () => {
  const before = hosts.find("two");
  await hosts.stop("two");
  await hosts.stop("two");
  expect(hosts.state("two")).toBe("stopped");
  expect(hosts.find("two")).toEqual(before);
  await hosts.boot("two");
  expect(hosts.state("two")).toBe("running");
  expect((await onHost("two", "hostname")).stdout).toBe("two");
});

test("a firewall on this machine that drops a host's packets is reported when the host boots", async () => {
  const boot = async () => {
    await hosts.stop("two");
    return hosts.create({ name: "two", publicKey });
  };
  expect((await boot()).warning).toBeUndefined();
  const rules = ["type filter hook forward priority 0", `ip saddr ${hosts.find("two")?.address} drop`];
  const table = `table ip muster_test {\n chain c {\n${rules.join("\n")}\n}\n}\n`;
  expect((await asRoot(["nft", "-f", "-"], table)).exitCode).toBe(0);
  try {
    expect((await boot()).warning).toMatch(
      /drops the packets of local hosts.*iptables -I DOCKER-USER -i muster0/,
    );
  } finally {
    await asRoot(["nft", "delete", "table", "ip", "muster_test"], "");
  }
});

test("creating a host again boots the host if it has powered itself off, even if its Muster files were removed", async () => {
  await onHost("two", "rm -rf /usr/local/lib/muster; systemctl poweroff");
  await until(async () => hosts.state("two") === "stopped");
  await hosts.create({ name: "two", publicKey });
  expect(hosts.state("two")).toBe("running");
});

test("a process that reuses the pid of a stopped host is not mistaken for the host", async () => {
  await hosts.stop("two");
  const [id = ""] = idsOf(["two"]);
  const dir = join(cacheDir(), "local/hosts", id);
  const stat = readFileSync(`/proc/${process.pid}/stat`, "utf8").trimEnd().split(" ");
  stat[21] = "1";
  await asRoot(["tee", join(dir, "pid")], stat.join(" "));
  expect(hosts.state("two")).toBe("stopped");
  await hosts.boot("two");
  expect(hosts.state("two")).toBe("running");
});

test("a host can be created after an earlier creation was killed", async () => {
  const helper = join(packageRoot(), "dist/local-helper.mjs");
  const request = { local: join(cacheDir(), "local"), project, name: "four", publicKey, node: hostNode() };
  for (const delay of [50, 150, 250, 350]) {
    const run = asRoot([process.execPath, helper, "create"], JSON.stringify(request));
    await sleep(delay);
    run.kill("SIGKILL");
    await run;
    await hosts.create({ name: "four", publicKey });
    expect((await onHost("four", "systemctl is-system-running --wait")).stdout).toBe("running");
    await hosts.remove("four");
  }
});

test("the caches cannot be removed while a host needs the caches, and the error names that host", async () => {
  await expect(hosts.clean()).rejects.toThrow(/these local hosts still exist: .*one of .*muster-local-/);
});

test("removing hosts leaves nothing on this machine, and can be repeated", async () => {
  const ids = idsOf(names);
  expect(leftovers(ids)).not.toEqual([]);
  await Promise.all(names.map((name) => hosts.remove(name)));
  await Promise.all(names.map((name) => hosts.remove(name)));
  expect(names.map((name) => hosts.state(name))).toEqual(["absent", "absent", "absent"]);
  expect(hosts.list()).toEqual([]);
  expect(leftovers(ids)).toEqual([]);
});

test.each(["", "..", "../x", "a/b", "A", "-a", "a-", "a b", "a\n", "a;reboot", "a".repeat(42)])(
  "an invalid host name is refused: %j",
  async (name) => {
    const attempts = [
      () => hosts.create({ name, publicKey }),
      async () => hosts.state(name),
      async () => hosts.remove(name),
    ];
    for (const attempt of attempts)
      await expect(attempt()).rejects.toThrow("cannot be the name of a local host");
  },
);

test("the helper program that runs as root also refuses an invalid host name", async () => {
  const helper = join(packageRoot(), "dist/local-helper.mjs");
  const request = { local: join(cacheDir(), "local"), project, name: "../../x", node: hostNode() };
  const run = await asRoot([process.execPath, helper, "remove"], JSON.stringify(request));
  expect(run.stdout).toContain("cannot be the name of a local host");
  expect(existsSync(join(cacheDir(), "local"))).toBe(true);
});
