import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { LISTING, readStarts, startsScript } from "./support/host-facts.ts";
import { makeProject, must, type Project, type RunOptions } from "./support/project.ts";
import { type Trace, traceOf } from "./support/trace.ts";

/** A round is four drifts and one preview of an unchanged fleet. A release requires 40 rounds, which are 200 checks. */
const ROUNDS = process.env["MUSTER_LONG"] === "1" ? 40 : 5;
const ROUND_TIMEOUT = 30_000;

const layout = { hosts: ["hub", "east"], agents: { hub: ["arc", "iris"], east: ["loom", "forge"] } };

let project: Project;
let trace: Trace;

const traced = (): RunOptions => ({ env: trace.env });
const drift = () => must(project.fleet(["drift"], traced()));
const preview = () => must(project.pulumi(["preview", "--expect-no-changes"], traced()));
const up = () => must(project.pulumi(["up", "--yes"], traced()));

beforeAll(async () => {
  project = await makeProject(localFleet(layout), secretsFor(layout));
  trace = traceOf(project);
  await up();
  trace.take();
});

afterAll(() => project?.dispose());

/** Returns the number of connections that the last run opened to each host, and the kinds of requests that it sent. */
function recorded() {
  const entries = trace.take();
  const connections = entries.filter(({ op }) => op === "connect");
  const byHost = Object.entries(Object.groupBy(connections, ({ host }) => host));
  const requests = entries.filter(({ op }) => op !== "connect").map(({ op }) => op);
  return {
    connections: Object.fromEntries(byHost.map(([host, list = []]) => [host, list.length])),
    requests: [...new Set(requests)].sort(),
  };
}

/** Lists all files on the hosts that a change could modify. */
const onHosts = () => Promise.all(layout.hosts.map((host) => project.onHost(host, LISTING)));

const starts = async () => {
  const texts = layout.hosts.map((host) => project.onHost(host, startsScript(agentsOf(host))));
  return Object.assign({}, ...(await Promise.all(texts)).map(readStarts)) as Record<string, string>;
};

const agentsOf = (host: string): readonly string[] => layout.agents[host as keyof typeof layout.agents] ?? [];

/** Returns the digest of the stack's state file. */
function stateDigest(): string {
  const stacks = join(project.dir, ".state", ".pulumi", "stacks");
  const files = readdirSync(stacks, { recursive: true, withFileTypes: true });
  const file = files.find(({ name }) => /^test\.json$/.test(name));
  return createHash("sha256")
    .update(readFileSync(join(file?.parentPath ?? "", file?.name ?? "")))
    .digest("hex");
}

describe("an unchanged fleet", () => {
  test("needs one connection per host for `fleet drift`, which only observes", async () => {
    await drift();
    expect(recorded()).toEqual({ connections: { hub: 1, east: 1 }, requests: ["observe"] });
  });

  test("needs one connection per host for `fleet ps`, which only observes", async () => {
    await must(project.fleet(["ps"], traced()));
    expect(recorded()).toEqual({ connections: { hub: 1, east: 1 }, requests: ["ps"] });
  });

  test("needs one connection per host for `pulumi preview`, which only observes", async () => {
    await preview();
    expect(recorded()).toEqual({ connections: { hub: 1, east: 1 }, requests: ["observe"] });
  });

  test("needs two connections per host for `pulumi up`, which changes nothing", async () => {
    const before = await onHosts();
    await up();
    expect(recorded()).toEqual({ connections: { hub: 2, east: 2 }, requests: ["observe"] });
    expect(await onHosts()).toEqual(before);
  });

  test("needs no new login for a command that follows another command", async () => {
    const logins = () => project.onHost("hub", "journalctl -u ssh -o cat | grep -c 'Accepted publickey'");
    await drift();
    const before = Number(await logins());
    for (const run of [drift, preview, () => must(project.fleet(["ps"], traced()))]) await run();
    // The only new login is that of `logins` itself.
    expect(Number(await logins())).toBe(before + 1);
    recorded();
  });

  test(
    `has no drift and remains unchanged after ${ROUNDS * 4} runs of fleet drift and ${ROUNDS} previews`,
    async () => {
      const before = { hosts: await onHosts(), state: stateDigest() };
      for (let round = 0; round < ROUNDS; round += 1) {
        for (let i = 0; i < 4; i += 1) expect((await drift()).stdout).toContain("no drift");
        await preview();
      }
      expect(recorded().requests).toEqual(["observe"]);
      expect({ hosts: await onHosts(), state: stateDigest() }).toEqual(before);
    },
    60_000 + ROUNDS * ROUND_TIMEOUT,
  );
});

test("`pulumi preview` only observes a fleet that has drift", async () => {
  await project.onHost("east", "echo changed >/home/loom/SOUL.md; systemctl stop muster-agent-forge");
  const before = await onHosts();
  await must(project.pulumi(["preview", "--expect-no-changes"], traced()), 7);
  expect(recorded()).toEqual({ connections: { hub: 1, east: 1 }, requests: ["observe"] });
  expect(await onHosts()).toEqual(before);
  await up();
  expect(recorded()).toEqual({ connections: { hub: 2, east: 2 }, requests: ["converge", "observe"] });
});

describe("`pulumi up` after the complete state was lost", () => {
  test("adopts everything on the hosts, and restarts nothing", async () => {
    const [before, running] = [await onHosts(), await starts()];
    await loseState();
    await up();
    expect(await starts()).toEqual(running);
    expect(await onHosts()).toEqual(before);
    await drift();
    await preview();
  });
});

/** Removes the stack and creates it again with the same name, passphrase and configuration. */
async function loseState(): Promise<void> {
  await must(project.pulumi(["stack", "rm", "test", "--force", "--yes", "--preserve-config"]));
  await must(project.pulumi(["stack", "init", "test"]));
}
