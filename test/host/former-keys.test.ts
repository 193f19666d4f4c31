import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { readExpiredLogins } from "../../src/host/reports/expired-logins.ts";
import { history } from "../../src/host/reports/history.ts";
import { readRecords } from "../../src/host/store/records.ts";
import { type RunProgram, runProgram } from "../../src/host/system/run-program.ts";
import { noteUnusedKeys, observeFormerKeys, withoutHashes } from "../../src/host/units/former-keys-in-use.ts";
import { secretDigest } from "../../src/model/digest.ts";
import { environmentLine } from "../../src/model/environment-line.ts";
import { agentUnit } from "../../src/model/host-paths.ts";
import { AS_DECLARED, type FileItem, type Items } from "../../src/model/items.ts";
import { AGENT, IRIS, makeWorld, type World } from "./world.ts";

const NAME = "MUSTER_TEST_KEY";

/** Runs all programs except systemctl, which reports that every unit is stopped. */
const withoutSystemd: RunProgram = (program, args, options) =>
  program === "systemctl"
    ? { status: 0, stdout: "LoadState=loaded\nActiveState=inactive\nSubState=dead\nJob=", stderr: "" }
    : runProgram(program, args, options);

function keyWorld() {
  const world = makeWorld([IRIS], withoutSystemd, AGENT);
  const fileOf = (name: string): FileItem => {
    const { actor: __, ...item } = world.file(`${world.dir}/${name}`, "", {
      ...{ secret: "config:key", envName: NAME, notify: agentUnit("iris") },
    });
    return item;
  };
  const up = (value: string, name = "iris-key") => {
    const item = fileOf(name);
    const line = environmentLine(NAME, value);
    const want = { ...item.want, content: secretDigest(item.path, line) };
    const items: Items = { [`credentials:${name}`]: { ...item, want } };
    return world.up(items, { secrets: { [`credentials:${name}`]: line } });
  };
  return { ...world, up, fileOf };
}

/** Starts a process that has a key in its environment. */
async function processWith(key: string): Promise<ChildProcess> {
  const child = spawn("/bin/sleep", ["60"], { env: { [NAME]: key } });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.once("spawn", resolve));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

const formerKeys = ({ host }: Pick<World, "host">) =>
  withoutHashes(observeFormerKeys(host, "iris", readRecords(host)));
const events = ({ host }: Pick<World, "host">) => history(host, { op: "history", last: 100 }).events;

test("a former key is in use until the last process with it has ended, and the history then says so", async () => {
  const world = keyWorld();
  world.up("for$mer");
  const child = await processWith("for$mer");
  expect(formerKeys(world)).toEqual([]);
  const { observed } = world.up("new");
  expect(observed["credentials:iris-key"]).toMatchObject({
    warning: expect.stringMatching(/^iris still uses the former value of iris-key, which was replaced at 20/),
  });
  expect(JSON.stringify(observed)).not.toContain("for$mer");
  expect(formerKeys(world)).toEqual([{ credential: "iris-key", since: expect.any(String) }]);
  noteUnusedKeys(world.host);
  expect(events(world)).toEqual([]);
  await end(child);
  await processWith("new");
  expect(formerKeys(world)).toMatchObject([{ credential: "iris-key", unused: expect.any(String) }]);
  noteUnusedKeys(world.host);
  noteUnusedKeys(world.host);
  expect(events(world)).toMatchObject([
    { event: "key-unused", agent: "iris", detail: "the former value of iris-key" },
  ]);
  const item = world.fileOf("iris-key");
  const declared = {
    "credentials:iris-key": { ...item, want: { ...item.want, content: AS_DECLARED } },
  } as Items;
  expect(world.observe(declared).observed["credentials:iris-key"]).not.toHaveProperty("warning");
});

test("a key that is declared again, or under another name, is not a former key", async () => {
  const world = keyWorld();
  world.up("first");
  await processWith("first");
  world.up("second");
  world.up("first");
  expect(formerKeys(world).filter(({ unused }) => unused === undefined)).toEqual([]);
  world.up("first", "renamed-key");
  expect(formerKeys(world).filter(({ unused }) => unused === undefined)).toEqual([]);
});

test("a removed credential is a former key while a process has it", async () => {
  const world = keyWorld();
  world.up("gone");
  const child = await processWith("gone");
  world.up("other", "other-key");
  expect(formerKeys(world)).toEqual([{ credential: "iris-key", since: expect.any(String) }]);
  await end(child);
  expect(formerKeys(world)).toMatchObject([{ unused: expect.any(String) }]);
});

test("only an expired login without a refresh token is reported", () => {
  const world = makeWorld();
  const path = `${world.home()}/login.json`;
  const login = { ...world.file(path, ""), write: "adopt" } as const;
  const items: Items = { "credentials:iris-login": login };
  const claude = (refreshToken: string) =>
    writeFileSync(
      path,
      JSON.stringify({ claudeAiOauth: { accessToken: "a", refreshToken, expiresAt: 1_700_000_000_000 } }),
    );
  claude("r");
  expect(readExpiredLogins(world.host, items)).toEqual([]);
  claude("");
  expect(readExpiredLogins(world.host, items)).toEqual([
    { credential: "iris-login", since: "2023-11-14T22:13:20.000Z" },
  ]);
  expect(readExpiredLogins(world.host, items, 1_600_000_000_000)).toEqual([]);
});
