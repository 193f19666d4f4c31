import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { localHosts } from "../../src/host-kinds/local/nspawn/index.ts";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { startsScript } from "./support/host-facts.ts";
import { postgres } from "./support/postgres.ts";
import { type CommandResult, makeProject, must, type Project } from "./support/project.ts";
import { runDocs } from "./support/run-docs-commands.ts";
import { s3 } from "./support/s3.ts";
import type { StateServer } from "./support/state-server.ts";

const ROOT = join(import.meta.dirname, "../..");
const LAYOUT = { hosts: ["east"], agents: { east: ["iris", "loom"] } };
const UP = ["up", "--yes", "--skip-preview"];
const CHECKPOINT = ".pulumi/stacks/muster/test.json";

/** Prints the process and start time of each agent, and the timestamps of each file that a run could change. */
const FACTS = `${startsScript(LAYOUT.agents.east)}
find /etc /home /usr/local /var/lib/muster -path /var/lib/muster/records -prune -o \
  -type f -printf '%p %i %m %u %g %s %T@ %C@\\n' | grep -v -e /locks/ -e /contacts.db- -e '/hostd/[fmhu]' | sort`;

let project: Project;
let database: StateServer;
let bucket: StateServer;
/** The credentials for the server that currently stores the state. */
let env: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  database = await postgres();
  bucket = await s3();
  project = await makeProject(localFleet(LAYOUT), secretsFor(LAYOUT));
  await must(pulumi(UP));
});

afterAll(async () => {
  // If a test has failed, the state can be lost, so remove the host without the state.
  if (project !== undefined) await localHosts(project.dir).remove("east");
  await project?.dispose();
  await Promise.all([database?.stop(), bucket?.stop()]);
});

function pulumi(args: readonly string[]): Promise<CommandResult> {
  return project.pulumi(args, { env });
}

function docs(name: string, own: Record<string, string> = {}): Promise<CommandResult> {
  return runDocs("state.md", name, { cwd: project.dir, env, own: { ...own, prod: "test" } });
}

function facts(): Promise<string> {
  return project.onHost("east", FACTS);
}

async function moveTo(server: StateServer): Promise<void> {
  await must(pulumi(["stack", "export", "--file", "prod.json"]));
  env = { ...env, ...server.env };
  await must(docs("move", { "postgres://muster@db.example.org/state": server.url.replaceAll("&", "\\&") }));
}

/** Returns the number of Muster's resources in the state, and the state's pending operations. */
async function exported(): Promise<{ muster: number; pending: unknown[] }> {
  const { deployment } = JSON.parse((await must(pulumi(["stack", "export"]))).stdout) as {
    deployment: { resources?: { urn: string }[]; pending_operations?: unknown[] };
  };
  const resources = deployment.resources ?? [];
  const urns = new Set(resources.map(({ urn }) => urn));
  expect(resources).toHaveLength(urns.size);
  const muster = [...urns].filter((urn) => urn.includes("::muster:index:"));
  return { muster: muster.length, pending: deployment.pending_operations ?? [] };
}

/** Returns the URNs of Muster's resources that the state lists as being created. */
async function creating(server: StateServer): Promise<string[]> {
  const { checkpoint } = JSON.parse((await server.get(CHECKPOINT)) || "{}") as {
    checkpoint?: { latest?: { pending_operations?: { type: string; resource: { urn: string } }[] } };
  };
  const pending = checkpoint?.latest?.pending_operations ?? [];
  const urns = pending.filter(({ type }) => type === "creating").map(({ resource }) => resource.urn);
  return urns.filter((urn) => urn.includes("::muster:index:"));
}

/** Runs `up` and kills it with all of its children as soon as the state shows that `up` is creating a resource. */
async function upKilledWhileCreating(server: StateServer): Promise<number> {
  const run = spawn(join(ROOT, "bin/pulumi"), UP, {
    cwd: project.dir,
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], MUSTER_OFFLINE: "1", ...env },
    detached: true,
    stdio: "ignore",
  });
  const ended = once(run, "exit");
  const isCreating = async () => expect(await creating(server)).not.toEqual([]);
  await vi.waitFor(isCreating, { timeout: 60_000, interval: 20 });
  process.kill(-(run.pid as number), "SIGKILL");
  await ended;
  return run.pid as number;
}

test("moving the state from a file to PostgreSQL keeps secrets readable, and changes nothing on a host", async () => {
  const before = await facts();
  await moveTo(database);
  expect((await must(pulumi(["config", "get", "muster:iris-key"]))).stdout).toBe("sk-iris-0123456789");
  await must(pulumi(["stack", "export", "--show-secrets"]));
  expect(await facts()).toBe(before);
  expect(await exported()).toEqual({ muster: 5, pending: [] });
});

test("after an old state was restored, the next `pulumi up` corrects the state and changes nothing on a host", async () => {
  await must(docs("backup"));
  project.write("identities/iris.md", "# iris\n\nI am iris, and older.\n");
  await must(pulumi(UP));
  const before = await facts();
  await must(docs("restore"));
  expect(await facts()).toBe(before);
  expect(await exported()).toEqual({ muster: 5, pending: [] });
});

test("after the complete state was lost, `pulumi up` adopts everything on the hosts and changes nothing there", async () => {
  const before = await facts();
  await database.lose();
  await must(docs("lost"));
  expect(await facts()).toBe(before);
  expect(await exported()).toEqual({ muster: 5, pending: [] });
  await must(project.fleet(["drift"]));
});

test("after the state was lost, `pulumi destroy` also removes resources that the new state does not list", async () => {
  await moveTo(bucket);
  await bucket.lose();
  await must(pulumi(["stack", "init", "test"]));
  const killed = await upKilledWhileCreating(bucket);
  const destroyed = await must(pulumi(["destroy", "--yes", "--skip-preview"]));
  expect(destroyed.stderr).toContain(`(process ${killed}) took at`);
  expect(destroyed.stderr).toContain("a killed run was creating ");
  expect(localHosts(project.dir).state("east")).toBe("absent");
  expect(await exported()).toEqual({ muster: 0, pending: [] });
});
