import { mkdirSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, type HostReader } from "../../src/transport/connect.ts";
import type { HostError } from "../../src/transport/host-error.ts";
import type { Target } from "../../src/transport/target.ts";
import { SOME_KEY } from "../fixtures/target.ts";
import { makeRemote, type Remote } from "./support/fake-host-folders.ts";
import { makeKey, type Sshd, startSshd } from "./support/sshd.ts";

const AS_NOBODY =
  'exec setpriv --reuid=65534 --regid=65534 --clear-groups /bin/sh -c "$SSH_ORIGINAL_COMMAND"';
const SAY = 'seq 1 300; echo "muster says hi"; printf "no line end"; echo oops >&2;';

// These tests count logins and cut connections, so each test opens its own connections.
process.env["MUSTER_SSH_PERSIST"] = "0";

let sshd: Sshd;
let remote: Remote;

beforeAll(async () => {
  remote = makeRemote();
  sshd = await startSshd({
    plain: undefined,
    fish: 'exec fish -c "$SSH_ORIGINAL_COMMAND"',
    tcsh: 'exec tcsh -c "$SSH_ORIGINAL_COMMAND"',
    noisy: `${SAY} exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"`,
    endless: "yes noise",
    silent: "sleep 60",
    nologin: 'echo "This account is currently not available."; exit 1',
    nobody: AS_NOBODY,
  });
  const writer = await connect(sshd.target("plain"), { dirs: remote.dirs, runtime: remote.runtime() });
  await writer.close();
  process.env["TMPDIR"] = join(remote.root, "tmp");
  mkdirSync(tmpdir());
});

afterAll(async () => {
  delete process.env["TMPDIR"];
  await sshd.stop();
  remote.dispose();
});

const reach = (target: Target) => connect(target, { dirs: remote.dirs });

async function failure(target: Target): Promise<HostError> {
  const outcome = await reach(target).catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(Error);
  return outcome as HostError;
}

async function statesOf(reader: HostReader, ...units: string[]): Promise<string[]> {
  const answer = await reader.ps({ op: "ps", units });
  return answer.units.map((one) => `${one.unit} ${one.state}`);
}

describe("a host that can be reached", () => {
  test.each(["plain", "noisy", "fish", "tcsh"])("can be used with the %s login shell", async (login) => {
    const reader = await reach(sshd.target(login));
    expect(await statesOf(reader, "a", "b")).toEqual(["a active", "b active"]);
    await reader.close();
  });

  test("answers each of a hundred simultaneous requests correctly", async () => {
    const reader = await reach(sshd.target("plain"));
    const names = Array.from({ length: 100 }, (_, at) => `unit${at}`);
    const answers = await Promise.all(names.map((name) => statesOf(reader, name)));
    expect(answers.flat()).toEqual(names.map((name) => `${name} active`));
    await reader.close();
  });

  test("reports its own error message without terminal escape sequences", async () => {
    const writer = await connect(sshd.target("plain"), { dirs: remote.dirs, runtime: remote.runtime() });
    const request = { op: "remove", id: "refuse", owner: "fleet/dev", items: {} } as const;
    await expect(writer.remove(request)).rejects.toThrow("plain: no way: the disk; is full");
    expect(await statesOf(writer, "a")).toEqual(["a active"]);
    await writer.close();
  });
});

describe("an unusable host", () => {
  test("is refused if its key differs from the pinned host key, and the error says what to do", async () => {
    const error = await failure(
      sshd.target("plain", { hostKeys: [SOME_KEY], pinnedIn: "stacks/inventory.yaml" }),
    );
    expect(error.reason).toBe("key-changed");
    expect(error.message).toContain(
      "plain: the connection was rejected because its host key is not the pinned one",
    );
    expect(error.message).toMatch(/SHA256:\S+/);
    expect(error.message).toContain("remove its keys from stacks/inventory.yaml and run `npx pulumi up`");
  });

  test("is refused if no host key is pinned, and only `pulumi up` can record the key", async () => {
    const stranger = sshd.target("plain", { hostKeys: [] });
    expect((await failure(stranger)).reason).toBe("key-unknown");
    const learnt: string[][] = [];
    const reader = await connect(stranger, { dirs: remote.dirs, learnHostKey: (keys) => learnt.push(keys) });
    expect(learnt).toEqual([sshd.target("plain").hostKeys]);
    expect(reader.target.hostKeys).toEqual(learnt[0]);
    await reader.close();
  });

  test("is reported if it does not accept the login key", async () => {
    const identityFile = join(remote.root, "stranger");
    await makeKey(identityFile);
    const error = await failure(sshd.target("plain", { identityFile }));
    expect(error.reason).toBe("authentication");
    expect(error.message).toContain("Permission denied (publickey");
  });

  test("is reported if its login cannot become root", async () => {
    const error = await failure(sshd.target("nobody"));
    expect(error.reason).toBe("sudo");
    expect(error.message).toMatch(/cannot become root: .*sudo: .*NOPASSWD/);
  });

  test.each([
    ["nologin", "no-answer", "This account is currently not available"],
    ["endless", "garbled", "printed more than 64 kB"],
    ["silent", "timeout", "did not answer within 1 s"],
  ])("is reported if its login has no usable shell (%s)", async (login, reason, why) => {
    const started = Date.now();
    const error = await failure(sshd.target(login, { connectTimeout: 1 }));
    expect(error.reason).toBe(reason);
    expect(error.message).toContain(why);
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe("a connection that is lost during a request", () => {
  test.each([
    ["die", "code 3"],
    ["half", "code 3"],
  ])("causes an error for all waiting and all later requests (%s)", async (name, why) => {
    const reader = await reach(sshd.target("plain"));
    const waiting = [statesOf(reader, "silent"), statesOf(reader, name)];
    for (const one of await Promise.allSettled(waiting)) {
      expect(one).toMatchObject({ status: "rejected", reason: { reason: "cut", host: "plain" } });
    }
    await expect(statesOf(reader, "a")).rejects.toThrow(why);
    await reader.close();
  });

  test("is reported if the network drops it", async () => {
    const reader = await reach(sshd.target("plain"));
    const waiting = expect(statesOf(reader, "silent")).rejects.toMatchObject({ reason: "cut" });
    await sshd.cut();
    await waiting;
  });

  test("is closed if a reply is invalid", async () => {
    const reader = await reach(sshd.target("plain"));
    await expect(statesOf(reader, "garbage")).rejects.toThrow('it begins with "Segmentation fault"');
  });
});

test("no temporary known_hosts file remains after a connection", () => {
  expect(readdirSync(tmpdir())).toEqual([]);
});
