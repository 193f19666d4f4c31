import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type HostPool, hostPool, type ReaderPool } from "../../src/transport/pool.ts";
import type { WritingOptions } from "../../src/transport/pool-options.ts";
import { makeRemote, type Remote } from "./support/fake-host-folders.ts";
import { freePort, type Sshd, startSshd } from "./support/sshd.ts";

// These tests count logins and cut connections, so each test opens its own connections.
process.env["MUSTER_SSH_PERSIST"] = "0";

let sshd: Sshd;
let remote: Remote;
let pool: HostPool;

beforeAll(async () => {
  sshd = await startSshd({ hub: undefined, east: undefined, silent: "sleep 60" });
});

beforeEach(() => {
  remote = makeRemote();
  process.env["MUSTER_TRACE"] = join(remote.root, "trace");
});

afterEach(async () => {
  await pool.close();
  delete process.env["MUSTER_TRACE"];
  remote.dispose();
});

afterAll(() => sshd.stop());

function open(options: Partial<WritingOptions> = {}): HostPool {
  pool = hostPool({ resolve: sshd.target, runtime: () => remote.runtime(), dirs: remote.dirs, ...options });
  return pool;
}

/** Returns the connections and requests so far, each as `host op`. */
function traced(): string[] {
  const lines = readFileSync(join(remote.root, "trace"), "utf8").trim().split("\n");
  return lines
    .map((line) => JSON.parse(line) as { host: string; op: string })
    .map((one) => `${one.host} ${one.op}`);
}

const request = { op: "ps", units: ["a"] } as const;

describe("the connection pool of one run", () => {
  test("opens only one connection per host, even for several simultaneous clients", async () => {
    await (await open().writer("hub")).close();
    const before = sshd.logins();
    const { reader, writer } = open();
    const users = await Promise.all([
      reader("hub"),
      reader("hub"),
      writer("hub"),
      reader("hub"),
      writer("hub"),
    ]);
    await Promise.all(users.map((one) => one.ps(request)));
    expect(sshd.logins() - before).toBe(1);
  });

  test("writes one trace line per connection and request, without contents", async () => {
    const writer = await open().writer("hub");
    await writer.remove({ op: "remove", id: "hub/iris", owner: "fleet/dev", items: {} });
    expect(readFileSync(join(remote.root, "trace"), "utf8")).toBe(
      '{"host":"hub","op":"connect"}\n{"host":"hub","op":"remove","id":"hub/iris"}\n',
    );
  });

  test("updates an older runtime on the host when a write follows a read", async () => {
    await (await open({ runtime: () => remote.runtime("1") }).writer("hub")).close();
    const { reader, writer } = open({ runtime: () => remote.runtime("2") });
    expect((await reader("hub")).hello.bundle).toBe(remote.runtime("1").bundleHash);
    expect((await writer("hub")).hello.bundle).toBe(remote.runtime("2").bundleHash);
    expect((await reader("hub")).hello.bundle).toBe(remote.runtime("2").bundleHash);
  });

  test("installs a missing runtime for a connection that writes, but not for a connection that reads", async () => {
    const { reader, writer } = open();
    await expect(reader("hub")).rejects.toMatchObject({ reason: "nothing-installed" });
    await (await writer("hub")).ps(request);
    await (await reader("hub")).ps(request);
  });

  test("does not install a runtime only to remove a resource from a host", async () => {
    await expect(open().remover("hub")).rejects.toMatchObject({ reason: "nothing-installed" });
    await open().writer("hub");
    await (await pool.remover("hub")).uninstall();
    await expect(pool.reader("hub")).rejects.toMatchObject({ reason: "nothing-installed" });
  });

  test("repairs a broken runtime for a connection that writes or removes", async () => {
    const breakIt = () =>
      rmSync(join(remote.dirs.runtime, `node-${process.versions.node}`), { recursive: true });
    await open().writer("hub");
    breakIt();
    await (await open().remover("hub")).uninstall();
    await expect(open().reader("hub")).rejects.toMatchObject({ reason: "nothing-installed" });
    await open().writer("hub");
    breakIt();
    const { reader, writer } = open();
    await expect(reader("hub")).rejects.toMatchObject({ reason: "no-answer" });
    await (await writer("hub")).ps(request);
  });

  test("records an unknown host key only for a connection that writes", async () => {
    const learnt = new Map<string, string[]>();
    const withoutHostKeys = (name: string) => sshd.target(name, { hostKeys: [] });
    const { reader, writer } = open({
      resolve: withoutHostKeys,
      learn: (host, keys) => learnt.set(host, keys),
    });
    await expect(reader("hub")).rejects.toMatchObject({ reason: "key-unknown" });
    expect(learnt.size).toBe(0);
    await writer("hub");
    expect([...learnt]).toEqual([["hub", sshd.target("hub").hostKeys]]);
  });
});

test("a read-only run starts the host runtime in read-only mode", async () => {
  await open().writer("hub");
  const log = join(remote.root, "arguments");
  writeFileSync(join(remote.dirs.runtime, "run"), `#!/bin/sh\necho "$*" >${log}\n`);
  const readOnlyPool: ReaderPool = hostPool({ resolve: sshd.target, dirs: remote.dirs });
  await expect(readOnlyPool.reader("hub")).rejects.toMatchObject({ reason: "no-answer" });
  expect(readFileSync(log, "utf8")).toBe("serve --read-only\n");
});

describe("an unreachable host", () => {
  test("is dialled only once, and later requests fail immediately until the host is booted", async () => {
    let port = await freePort();
    const { reader, writer, reset } = open({
      resolve: (name) => sshd.target(name, name === "east" ? { port } : {}),
    });
    const failures = await Promise.allSettled([
      reader("east"),
      reader("east"),
      writer("east"),
      writer("east"),
    ]);
    for (const one of failures) expect(one).toMatchObject({ reason: { reason: "refused" } });
    expect(traced()).toEqual(["east connect"]);
    port = sshd.target("east").port as number;
    await expect(reader("east")).rejects.toMatchObject({ reason: "refused" });
    reset("east");
    await (await writer("east")).ps(request);
  });

  test("does not delay requests to another host", async () => {
    const { writer } = open({ resolve: (name) => sshd.target(name, { connectTimeout: 5 }) });
    const away = writer("silent").catch((error: unknown) => error);
    const other = writer("hub").then((session) => session.ps(request));
    expect(await Promise.race([away.then(() => "silent"), other.then(() => "hub")])).toBe("hub");
    expect(await away).toBeInstanceOf(Error);
  });
});
