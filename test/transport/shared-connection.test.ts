import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sharingOf } from "../../src/transport/shared-connection.ts";
import type { Target } from "../../src/transport/target.ts";
import { SOME_KEY, targetOf } from "../fixtures/target.ts";

let parent: string;
let folder: string;

beforeEach(() => {
  parent = mkdtempSync("/tmp/muster-run-");
  folder = join(parent, `muster-ssh-${process.getuid?.()}`);
  vi.stubEnv("XDG_RUNTIME_DIR", parent);
  vi.stubEnv("SSH_AUTH_SOCK", "/agent");
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(parent, { recursive: true });
});

const known = (parts: Partial<Target> = {}) => targetOf({ hostKeys: [SOME_KEY], ...parts });

const socketOf = async (parts: Partial<Target> = {}) => (await sharingOf(known(parts)))?.socket;

describe("the socket of a connection that stays open", () => {
  test("is in a folder that only this user can use", async () => {
    expect(dirname((await socketOf()) ?? "")).toBe(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test("is the same for each command with the same login", async () => {
    expect(await socketOf()).toBe(await socketOf());
  });

  test.each<[string, Partial<Target>]>([
    ["user", { user: "deploy" }],
    ["address", { address: "127.0.0.2" }],
    ["port", { port: 2222 }],
    ["name", { name: "east" }],
    ["key file", { identityFile: "/root/key" }],
    ["pinned host key", { hostKeys: [SOME_KEY, SOME_KEY] }],
  ])("is another one for another %s", async (_, parts) => {
    expect(await socketOf(parts)).not.toBe(await socketOf());
  });

  test("is another one after the key file or the SSH agent was replaced", async () => {
    const identityFile = join(parent, "key%d");
    const sockets = [await socketOf({ identityFile })];
    writeFileSync(identityFile, "a key");
    sockets.push(await socketOf({ identityFile }));
    vi.stubEnv("SSH_AUTH_SOCK", "/another");
    sockets.push(await socketOf({ identityFile }));
    expect(new Set(sockets).size).toBe(3);
  });

  test("is not in a folder that others can use, or that is a link", async () => {
    mkdirSync(folder);
    chmodSync(folder, 0o750);
    expect((await socketOf())?.startsWith(parent)).not.toBe(true);
    rmSync(folder, { recursive: true });
    symlinkSync("/root", folder);
    expect((await socketOf())?.startsWith(parent)).not.toBe(true);
  });

  test("has a path that fits into the address of a socket", async () => {
    vi.stubEnv("XDG_RUNTIME_DIR", join(parent, "x".repeat(80)));
    mkdirSync(join(parent, "x".repeat(80)));
    expect(((await socketOf()) ?? "").length).toBeLessThan(104 - 17);
  });
});

describe("a connection", () => {
  test("stays open for 60 s, or for the declared number of seconds", async () => {
    expect((await sharingOf(known()))?.seconds).toBe(60);
    vi.stubEnv("MUSTER_SSH_PERSIST", "600");
    expect((await sharingOf(known()))?.seconds).toBe(600);
  });

  test("is not shared if it is a gate, if no host key is known, or if MUSTER_SSH_PERSIST is 0", async () => {
    expect(await sharingOf(known({ gate: true }))).toBeUndefined();
    expect(await sharingOf(known({ hostKeys: [] }))).toBeUndefined();
    vi.stubEnv("MUSTER_SSH_PERSIST", "0");
    expect(await sharingOf(known())).toBeUndefined();
  });

  test("is refused in one sentence if MUSTER_SSH_PERSIST is not a number of seconds", async () => {
    vi.stubEnv("MUSTER_SSH_PERSIST", "5m");
    await expect(sharingOf(known())).rejects.toThrow(
      'the environment variable MUSTER_SSH_PERSIST is invalid: "5m" is not a number of seconds. Set it to',
    );
  });
});
