import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OLDEST_PROTOCOL, PROTOCOL } from "../../src/model/protocol.ts";
import { connect } from "../../src/transport/connect.ts";
import type { RuntimeFiles } from "../../src/transport/runtime-files.ts";
import { makeRemote, type Remote } from "./support/fake-host-folders.ts";
import { type Sshd, startSshd } from "./support/sshd.ts";

// These tests count logins and cut connections, so each test opens its own connections.
process.env["MUSTER_SSH_PERSIST"] = "0";

let sshd: Sshd;
let remote: Remote;

beforeAll(async () => {
  sshd = await startSshd({ host: undefined });
});

beforeEach(() => {
  remote = makeRemote();
});

afterEach(() => remote.dispose());
afterAll(() => sshd.stop());

const write = (runtime: RuntimeFiles) => connect(sshd.target("host"), { dirs: remote.dirs, runtime });
const read = () => connect(sshd.target("host"), { dirs: remote.dirs });
const installed = () => readdirSync(remote.dirs.runtime).filter((name) => !name.startsWith("."));

async function connectionsOf(act: () => Promise<unknown>): Promise<number> {
  const before = sshd.logins();
  await act();
  return sshd.logins() - before;
}

describe("a connection of `pulumi up`", () => {
  test("installs the host runtime as root, and uses it without a second connection", async () => {
    const runtime = remote.runtime();
    await expect(read()).rejects.toMatchObject({ reason: "nothing-installed" });
    const connections = await connectionsOf(async () => {
      const writer = await write(runtime);
      expect(writer.hello).toMatchObject({ bundle: runtime.bundleHash, node: process.versions.node });
      await writer.close();
    });
    expect(connections).toBe(1);
    expect(installed()).toEqual([`bundle-${runtime.bundleHash}`, `node-${process.versions.node}`, "run"]);
    const { uid, gid, mode } = statSync(join(remote.dirs.runtime, "run"));
    expect([uid, gid, mode & 0o7777]).toEqual([0, 0, 0o755]);
  });

  test("is refused in one sentence if the host has no systemd, and installs nothing", async () => {
    const dirs = { ...remote.dirs, systemd: join(remote.root, "none") };
    const refused = connect(sshd.target("host"), { dirs, runtime: remote.runtime() });
    await expect(refused).rejects.toMatchObject({
      reason: "install",
      message: expect.stringContaining("it is a Linux system without systemd, which agents need."),
    });
    expect(existsSync(remote.dirs.runtime)).toBe(false);
  });

  test("installs nothing if the host already has the current runtime", async () => {
    await (await write(remote.runtime())).close();
    const before = statSync(join(remote.dirs.runtime, "run")).ino;
    expect(await connectionsOf(async () => (await write(remote.runtime())).close())).toBe(1);
    expect(statSync(join(remote.dirs.runtime, "run")).ino).toBe(before);
  });

  test("replaces only the bundle if the host has an older bundle", async () => {
    const node = join(remote.dirs.runtime, `node-${process.versions.node}`);
    await (await write(remote.runtime("1"))).close();
    const before = statSync(node).ino;
    const writer = await write(remote.runtime("2"));
    expect(writer.hello.bundle).toBe(remote.runtime("2").bundleHash);
    await writer.close();
    expect(installed()).toHaveLength(3);
    expect(statSync(node).ino).toBe(before);
  });

  test("reinstalls a broken runtime, while a read-only connection only reports the broken runtime", async () => {
    const runtime = remote.runtime();
    await (await write(runtime)).close();
    const node = join(remote.dirs.runtime, `node-${process.versions.node}`, "node");
    writeFileSync(node, "#!/bin/sh\nexit 1\n");
    await expect(read()).rejects.toMatchObject({ reason: "no-answer" });
    await (await write(runtime)).close();
    await (await read()).close();
  });

  test("can be opened by two runs at the same time", async () => {
    const writers = await Promise.all([write(remote.runtime()), write(remote.runtime())]);
    for (const writer of writers) expect(await writer.ps({ op: "ps", units: [] })).toEqual({ units: [] });
    await Promise.all(writers.map((writer) => writer.close()));
    expect(installed()).toHaveLength(3);
  });

  test("reports a full disk, and the installed runtime still works", async () => {
    const lib = remote.dirs.runtime;
    mkdirSync(lib, { recursive: true });
    await execa("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", lib]);
    try {
      await (await write(remote.runtime("1"))).close();
      const big = remote.runtime("2", (program) => `${program}// ${"x".repeat(1_000_000)}\n`);
      await expect(write(big)).rejects.toMatchObject({
        reason: "install",
        message: expect.stringContaining("No space left on device"),
      });
      const reader = await read();
      expect(reader.hello.bundle).toBe(remote.runtime("1").bundleHash);
      await reader.close();
    } finally {
      await execa("umount", ["-l", lib]);
    }
  });

  test("reports a read-only disk", async () => {
    const lib = remote.dirs.runtime;
    mkdirSync(lib, { recursive: true });
    await execa("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", lib]);
    try {
      await expect(write(remote.runtime())).rejects.toThrow("Read-only file system");
    } finally {
      await execa("umount", ["-l", lib]);
    }
  });

  test("names the Node package for the host's architecture if this package is missing", async () => {
    const { node, ...rest } = remote.runtime();
    const runtime = { ...rest, node: { ...node, archFiles: {} } };
    await expect(write(runtime)).rejects.toThrow(/npm install --no-save --force node-linux-/);
  });

  test("installs nothing if the upload is damaged, and the next run installs the runtime", async () => {
    const runtime = remote.runtime();
    await (await write(runtime)).close();
    rmSync(remote.dirs.runtime, { recursive: true });
    const sum = join(remote.root, "cache/transport", `bundle-${runtime.bundleHash}.gz.sha256`);
    const right = readFileSync(sum, "utf8");
    writeFileSync(sum, right.replaceAll(/[0-9a-f]/g, "0"));
    const again = await connectInNewProcess(runtime);
    expect(again.stderr).toContain("the received file is corrupt: checksum mismatch");
    expect(existsSync(join(remote.dirs.runtime, "run"))).toBe(false);
    writeFileSync(sum, right);
    await (await write(runtime)).close();
  });
});

/**
 * Connects from a new process, which reads the packed files from the cache. This process already has the packed files
 * in memory.
 */
function connectInNewProcess(runtime: RuntimeFiles) {
  const module = join(import.meta.dirname, "../../src/transport/connect.ts");
  const data = JSON.stringify([sshd.target("host"), { dirs: remote.dirs, runtime }]);
  const code = `const { connect } = await import("${module}"); await connect(...${data});`;
  return execa(process.execPath, ["--input-type=module", "-e", code], { reject: false });
}

describe("a host runtime with another protocol version", () => {
  const speaking = (protocol: number) =>
    remote.runtime(`protocol ${protocol}`, (program) =>
      program.replace(/PROTOCOL = \d+/, `PROTOCOL = ${protocol}`),
    );

  test("is updated by `pulumi up` if it is older, and a read-only connection asks for that update", async () => {
    const old = await write(speaking(OLDEST_PROTOCOL - 1));
    await old.close();
    await expect(read()).rejects.toMatchObject({
      reason: "too-old",
      message: expect.stringContaining("Run `npx pulumi up` first"),
    });
    await (await write(remote.runtime())).close();
    await (await read()).close();
  });

  test("is not replaced if it is newer than this Muster", async () => {
    await (await write(speaking(PROTOCOL + 1))).close();
    await expect(write(remote.runtime())).rejects.toMatchObject({ reason: "too-new" });
    await expect(read()).rejects.toMatchObject({ reason: "too-new" });
  });
});

describe("an uninstall", () => {
  test("leaves nothing of Muster on the host", async () => {
    const writer = await write(remote.runtime());
    mkdirSync(join(remote.dirs.state, "records"), { recursive: true });
    await writer.uninstall();
    expect([remote.dirs.runtime, remote.dirs.state].map((dir) => existsSync(dir))).toEqual([false, false]);
    await expect(read()).rejects.toMatchObject({ reason: "nothing-installed" });
  });

  test("keeps everything as long as another stack has a resource on the host", async () => {
    const writer = await write(remote.runtime());
    mkdirSync(join(remote.dirs.state, "records/other~dev"), { recursive: true });
    writeFileSync(join(remote.dirs.state, "records/other~dev/hub~iris~agent.json"), "{}");
    await writer.uninstall();
    await (await read()).close();
  });
});
