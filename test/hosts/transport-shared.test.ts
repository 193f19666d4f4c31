import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connect, type HostReader } from "../../src/transport/connect.ts";
import type { Target } from "../../src/transport/target.ts";
import { SOME_KEY } from "../fixtures/target.ts";
import { makeRemote, type Remote } from "./support/fake-host-folders.ts";
import { linkTo } from "./support/link.ts";
import { makeKey, type Sshd, startSshd } from "./support/sshd.ts";

let sshd: Sshd;
let remote: Remote;
let folder: string;

beforeAll(async () => {
  remote = makeRemote();
  sshd = await startSshd({ hub: undefined, silent: "sleep 60" }, 10);
  process.env["MUSTER_SSH_PERSIST"] = "0";
  const writer = await connect(sshd.target("hub"), { dirs: remote.dirs, runtime: remote.runtime() });
  await writer.close();
});

beforeEach(() => {
  delete process.env["MUSTER_SSH_PERSIST"];
  const parent = mkdtempSync("/tmp/muster-run-");
  process.env["XDG_RUNTIME_DIR"] = parent;
  folder = join(parent, `muster-ssh-${process.getuid?.()}`);
});

afterEach(async () => {
  for (const socket of sockets()) await end(socket);
  rmSync(join(folder, ".."), { recursive: true });
  delete process.env["XDG_RUNTIME_DIR"];
});

afterAll(async () => {
  await sshd.stop();
  remote.dispose();
});

/** Whether a process still exists and is not a zombie. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function sockets(): string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

/** Ends an open connection, as the documentation says. */
async function end(socket: string): Promise<void> {
  await execa("ssh", ["-S", socket, "-O", "exit", "muster"], { reject: false });
}

function reach(target: Target, signal?: AbortSignal): Promise<HostReader> {
  return connect(target, { dirs: remote.dirs, signal });
}

/** Connects like a command that reads one fact. @returns the number of new logins */
async function loginsOf(target: Target): Promise<number> {
  const before = sshd.logins();
  const reader = await reach(target);
  expect((await reader.ps({ op: "ps", units: ["a"] })).units[0]?.state).toBe("active");
  await reader.close();
  return sshd.logins() - before;
}

describe("a connection that stays open", () => {
  test("is used by the next command, and ends some time after its last use", async () => {
    process.env["MUSTER_SSH_PERSIST"] = "5";
    expect(await loginsOf(sshd.target("hub"))).toBe(1);
    expect(await loginsOf(sshd.target("hub"))).toBe(0);
    expect(await loginsOf(sshd.target("hub"))).toBe(0);
    await expect.poll(sockets, { timeout: 30_000 }).toEqual([]);
    expect(await loginsOf(sshd.target("hub"))).toBe(1);
  });

  test("does not exist if MUSTER_SSH_PERSIST is 0", async () => {
    process.env["MUSTER_SSH_PERSIST"] = "0";
    expect(await loginsOf(sshd.target("hub"))).toBe(1);
    expect(await loginsOf(sshd.target("hub"))).toBe(1);
    expect(sockets()).toEqual([]);
  });

  test("is never used for another login, another host key or a gate", async () => {
    expect(await loginsOf(sshd.target("hub"))).toBe(1);
    const otherKey = join(remote.root, "other");
    for (const end of ["", ".pub"]) copyFileSync(join(sshd.dir, `client${end}`), `${otherKey}${end}`);
    expect(await loginsOf(sshd.target("hub", { identityFile: otherKey }))).toBe(1);
    expect(await loginsOf(sshd.target("hub", { gate: true }))).toBe(1);
    expect(await loginsOf(sshd.target("hub", { gate: true }))).toBe(1);
    expect(await loginsOf(sshd.target("hub", { name: "east" }))).toBe(1);
    const { user: _, ...anybody } = sshd.target("hub");
    expect(await loginsOf(anybody)).toBeLessThanOrEqual(1);
    await expect(reach(sshd.target("hub", { hostKeys: [SOME_KEY] }))).rejects.toMatchObject({
      reason: "key-changed",
    });
  });

  test("is not used after the login's key was replaced", async () => {
    const identityFile = join(remote.root, "replaced");
    copyFileSync(join(sshd.dir, "client"), identityFile);
    expect(await loginsOf(sshd.target("hub", { identityFile }))).toBe(1);
    rmSync(identityFile);
    await makeKey(identityFile);
    await expect(reach(sshd.target("hub", { identityFile }))).rejects.toMatchObject({
      reason: "authentication",
    });
  });

  test("is used by simultaneous commands, also by more than sshd allows", async () => {
    const target = sshd.target("hub", { connectTimeout: 30 });
    expect(await loginsOf(target)).toBe(1);
    const readers = await Promise.all(Array.from({ length: 13 }, () => reach(target)));
    const answers = await Promise.all(readers.map((one) => one.ps({ op: "ps", units: ["a"] })));
    expect(answers.map(({ units }) => units[0]?.state)).toEqual(readers.map(() => "active"));
    await Promise.all(readers.map((one) => one.close()));
  });

  test("stays usable if a command is killed", async () => {
    expect(await loginsOf(sshd.target("hub"))).toBe(1);
    const abort = new AbortController();
    const reader = await reach(sshd.target("hub"), abort.signal);
    const waiting = expect(reader.ps({ op: "ps", units: ["silent"] })).rejects.toMatchObject({
      reason: "cut",
    });
    abort.abort();
    await waiting;
    expect(await loginsOf(sshd.target("hub"))).toBe(0);
  });
});

describe("a connection that was left open but is broken", () => {
  test("is replaced if its process was killed", async () => {
    expect(await loginsOf(sshd.target("hub"))).toBe(1);
    const { stderr } = await execa("ssh", ["-S", sockets()[0] as string, "-O", "check", "muster"]);
    const pid = Number(/pid=(\d+)/.exec(stderr)?.[1]);
    process.kill(pid, "SIGKILL");
    await expect.poll(() => isRunning(pid)).toBe(false);
    expect(await loginsOf(sshd.target("hub"))).toBe(1);
    expect(await loginsOf(sshd.target("hub"))).toBe(0);
  });

  test("is replaced if the host has rebooted", async () => {
    expect(await loginsOf(sshd.target("hub"))).toBe(1);
    sshd.cut();
    expect(await loginsOf(sshd.target("hub"))).toBe(1);
  });

  test("is replaced before the connect timeout if the network has forgotten it", async () => {
    const link = await linkTo(sshd.target("hub").port as number);
    const target = sshd.target("hub", { port: link.port, connectTimeout: 8 });
    expect(await loginsOf(target)).toBe(1);
    link.forget();
    const started = Date.now();
    expect(await loginsOf(target)).toBe(1);
    expect(Date.now() - started).toBeLessThan(8000);
    expect(await loginsOf(target)).toBe(0);
    link.close();
  });

  test("does not hide that the host is unreachable", async () => {
    const link = await linkTo(sshd.target("hub").port as number);
    const target = sshd.target("hub", { port: link.port, connectTimeout: 4 });
    expect(await loginsOf(target)).toBe(1);
    link.forget();
    link.close();
    const started = Date.now();
    await expect(reach(target)).rejects.toMatchObject({ reason: "refused" });
    expect(Date.now() - started).toBeLessThan(5000);
  });
});
