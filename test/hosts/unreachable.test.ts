import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { Fault } from "./support/faults/fault.ts";
import { FAULTS } from "./support/faults/index.ts";
import { fullGrid, randomRuns, type Trouble } from "./support/faults/random-runs.ts";
import { type FourHosts, fourHosts, type Host, LAYOUT } from "./support/four-hosts.ts";
import { type CommandResult, must, type Project } from "./support/project.ts";
import { type Souls, soulsOf } from "./support/soul-files.ts";
import { type Trace, traceOf } from "./support/trace.ts";

const SEED = Number(process.env["MUSTER_SEED"] ?? randomBytes(3).readUIntBE(0, 3));
const LONG = process.env["MUSTER_LONG"] === "1";

/** The connect timeout of a host if its fault does not set another one, in seconds. */
const DEFAULT_TIMEOUT = 10;

let hosts: FourHosts;
let project: Project;
let trace: Trace;
let souls: Souls;

beforeAll(async () => {
  console.log(`faults: MUSTER_SEED=${SEED} MUSTER_LONG=${LONG ? 1 : 0}`);
  hosts = await fourHosts();
  project = hosts.project;
  trace = traceOf(project);
  souls = soulsOf(hosts);
  await must(pulumi("up", "--yes", "--skip-preview"));
  trace.take();
});

afterAll(() => hosts?.dispose());

describe("`pulumi up` with one faulty host out of four", () => {
  test.each(FAULTS.map((fault, at) => ({ name: fault.name, fault, host: hostAt(at) })))(
    "converges the other three hosts and reports the fault: $name",
    async (trouble) => withTroubles([trouble], () => driftAndUp([trouble])),
  );
});

describe("hosts with faults", () => {
  const runs = { preview, refresh, destroy, "drift and up": driftAndUp };
  test.each(LONG ? fullGrid(SEED) : randomRuns(SEED))("are tolerated by $name", ({ run, troubles }) =>
    withTroubles(troubles, () => runs[run](troubles)),
  );
});

describe("`pulumi up` after all hosts are reachable again", () => {
  test("applies the pending changes, and `fleet drift` finds nothing", async () => {
    await must(pulumi("up", "--yes", "--skip-preview"));
    await must(project.fleet(["drift"]));
    await expectConverged(LAYOUT.hosts);
  });
});

describe("an unreachable intermittent host", () => {
  const north: Trouble = { fault: faultNamed("no route"), host: "north" };
  beforeAll(async () => {
    hosts.declare("north", { availability: "intermittent" });
    await north.fault.begin(hosts, "north");
  });
  afterAll(() => north.fault.end(hosts, "north"));

  test("causes only a note in `fleet drift`, and a warning in each run, while no change is pending", async () => {
    const drift = await must(project.fleet(["drift"]));
    expect(drift.stdout).toMatch(/^Note: north is unreachable, last reached .* UTC: .*No route to host/m);
    for (const run of [
      ["preview", "--expect-no-changes"],
      ["up", "--yes", "--skip-preview"],
      ["refresh", "--yes", "--skip-preview"],
    ]) {
      const result = await must(pulumi(...run));
      expect(warningsOf(result, "north")).toHaveLength(1);
      expect(result.all).not.toContain("unhealthy");
    }
  });

  test("has its changes deferred, and the changes on other hosts succeed", async () => {
    souls.change();
    const preview = await must(pulumi("preview"));
    expect(preview.all).toMatch(/north\/spark\/agent.*deferred until north is back/);
    const result = await must(pulumi("up", "--yes", "--skip-preview"), 1);
    expect(result.stdout).toMatch(
      /north\/spark\/agent.*failed.*this change is deferred: the host is unreachable/,
    );
    expect(result.stdout).toMatch(/~ 3 updated/);
    await expectConverged(["hub", "east", "west"]);
  });

  test("is converged by the next `pulumi up` that can reach the host", async () => {
    await north.fault.end(hosts, "north");
    await must(pulumi("up", "--yes", "--skip-preview"));
    await expectConverged(LAYOUT.hosts);
    await north.fault.begin(hosts, "north");
  });
});

describe("a host that never returns", () => {
  test("cannot be forgotten while fleet.yaml declares it, or while it still answers", async () => {
    const declared = await must(project.fleet(["forget", "north", "--yes"]), 2);
    expect(declared.stderr).toContain("fleet.yaml still declares it");
    removeFromFleet("north", "spark");
    const alive = await must(project.fleet(["forget", "north", "--yes"]), 2);
    expect(alive.stderr).toContain("the host is reachable");
    await hosts.powerOff("north");
    const result = await must(pulumi("up", "--yes", "--skip-preview"), 1);
    expect(warningsOf(result, "north").join()).toContain(
      "if it never comes back, run `npx fleet forget north`",
    );
    expect(urnsOf("north")).toHaveLength(3);
  });

  test("is forgotten only after confirmation, and Muster keeps a copy of the state", async () => {
    const asked = await must(project.fleet(["forget", "north"]), 2);
    expect(asked.stderr).toContain("Add `--yes`");
    expect(urnsOf("north")).toHaveLength(3);
    const forgotten = await must(project.fleet(["forget", "north", "--yes"]));
    expect(forgotten.stdout).toMatch(
      /north is forgotten: removed 3 resources of stack test; its entry in .*inventory.yaml/,
    );
    expect(forgotten.stdout).toContain("Nothing was changed on the host itself");
    const [, backup = ""] = /is kept in (\S+)\./.exec(forgotten.stdout) ?? [];
    expect(project.read(backup)).toContain("::north/spark/agent");
    expect(urnsOf("north")).toEqual([]);
    expect(project.read("stacks/inventory.yaml")).not.toContain("north");
    await must(pulumi("up", "--yes", "--skip-preview"));
    await must(project.fleet(["drift"]));
  });
});

/** Declares a change for every agent, and then checks `drift` and `up` while hosts have faults. */
async function driftAndUp(troubles: readonly Trouble[]): Promise<void> {
  const away = troubles.filter(({ fault }) => fault.effect === "unreachable");
  const isWhole = troubles.every(({ fault }) => fault.effect === "none");
  const recorded = urnsOf();
  souls.change();
  const started = Date.now();
  const drift = await must(fleet("drift"), away.length > 0 ? 4 : 0);
  for (const { fault, host } of away) {
    expect(drift.stdout).toMatch(
      new RegExp(`^${host} is unreachable, last reached .* UTC: .*${fault.says?.source}.*\\. .*\\.$`, "m"),
    );
  }
  const seconds = Math.max(...troubles.map(({ fault }) => fault.connectTimeout ?? 0));
  if (seconds > 0) expect(Date.now() - started).toBeLessThan((seconds + DEFAULT_TIMEOUT) * 1000);
  expectOneConnectionEach();

  const result = await must(pulumi("up", "--yes", "--skip-preview"), isWhole ? 0 : 1);
  for (const { fault, host } of troubles) expectReported(result, fault, host);
  expectOneConnectionEach();
  expect(urnsOf()).toEqual(recorded);
  await expectConverged(LAYOUT.hosts.filter((host) => !troubles.some((one) => one.host === host)));
}

/** Checks that the diagnostics at the end of a run report the host's fault. */
function expectReported(result: CommandResult, fault: Fault, host: Host): void {
  expect(result.all).not.toMatch(/^\s+at .*:\d+:\d+\)?$|prematurely/m);
  if (fault.effect === "unreachable") expectUnreachableReported(result, fault, host);
  if (fault.effect !== "failing") return;
  // The error is on a line of its own, or in the list of an agent's failures.
  const isError = new RegExp(`(error:|\\t\\*) ${host}: `);
  const errors = diagnosticsOf(result).filter((line) => isError.test(line));
  expect(errors.join("\n")).toMatch(fault.says as RegExp);
}

/**
 * Checks that the host has exactly one warning. No other message about the host is long, except the message that says
 * what `destroy` removes.
 */
function expectUnreachableReported(result: CommandResult, { says }: Fault, host: Host): void {
  const warnings = warningsOf(result, host);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/is unreachable, last reached .* UTC: .* `npx pulumi up` finishes the work\.$/);
  expect(warnings[0]).toMatch(says as RegExp);
  const others = diagnosticsOf(result).filter((line) => line.includes(`${host}: `));
  expect(others.filter((line) => line.length >= 80 && !line.includes("`destroy` "))).toEqual([]);
}

async function preview([trouble]: readonly Trouble[]): Promise<void> {
  const recorded = urnsOf();
  const result = await must(pulumi("preview"));
  if (trouble?.fault.effect === "unreachable") expectReported(result, trouble.fault, trouble.host);
  expectOneConnectionEach();
  expect(urnsOf()).toEqual(recorded);
}

async function refresh([trouble]: readonly Trouble[]): Promise<void> {
  const recorded = urnsOf();
  const result = await must(pulumi("refresh", "--yes", "--skip-preview"));
  if (trouble?.fault.effect === "unreachable") expectReported(result, trouble.fault, trouble.host);
  expectOneConnectionEach();
  expect(urnsOf()).toEqual(recorded);
}

/**
 * Checks that `destroy` removes everything on the reachable hosts, and that the state of an unreachable host is kept.
 * Afterwards, `up` creates everything again.
 */
async function destroy([trouble]: readonly Trouble[]): Promise<void> {
  const { fault, host } = trouble as Trouble;
  const recorded = urnsOf(host);
  const result = await pulumi("destroy", "--yes", "--skip-preview");
  const left = urnsOf();
  await fault.end(hosts, host);
  await must(pulumi("up", "--yes", "--skip-preview"));
  await must(project.fleet(["drift"]));
  await fault.begin(hosts, host);
  if (fault.effect === "unreachable") {
    expect(result.exitCode).toBe(1);
    expectReported(result, fault, host);
    expect(left).toEqual(recorded);
  }
  if (fault.effect === "none") expect([result.exitCode, left]).toEqual([0, []]);
  expect(left.filter((urn) => !urn.includes(`::${host}`))).toEqual([]);
}

async function withTroubles(troubles: readonly Trouble[], run: () => Promise<void>): Promise<void> {
  const begun: Trouble[] = [];
  try {
    for (const trouble of troubles) {
      begun.push(trouble);
      await trouble.fault.begin(hosts, trouble.host);
      hosts.declare(trouble.host, { connectTimeout: trouble.fault.connectTimeout ?? DEFAULT_TIMEOUT });
    }
    trace.take();
    await run();
  } finally {
    for (const { fault, host } of begun) {
      await fault.end(hosts, host);
      hosts.declare(host, { connectTimeout: DEFAULT_TIMEOUT });
    }
  }
}

function fleet(...args: string[]): Promise<CommandResult> {
  return project.fleet(args, { env: trace.env });
}

function pulumi(...args: string[]): Promise<CommandResult> {
  return project.pulumi(args, { env: trace.env });
}

function expectOneConnectionEach(): void {
  const connections = trace.take().filter(({ op }) => op === "connect");
  expect(connections.map(({ host }) => host).sort()).toEqual([...LAYOUT.hosts].sort());
}

/** Returns the lines of the engine's final diagnostics section, which has all messages of the run. */
function diagnosticsOf({ stdout }: CommandResult): string[] {
  return (stdout.split("Diagnostics:\n")[1] ?? "").split("\n");
}

function warningsOf(result: CommandResult, host: Host): string[] {
  return diagnosticsOf(result).filter((line) => line.includes(`warning: ${host} is unreachable`));
}

/** Returns the URNs of Muster's resources in the state on disk. */
function urnsOf(host = ""): string[] {
  const { checkpoint } = JSON.parse(project.read(".state/.pulumi/stacks/muster/test.json")) as {
    checkpoint: { latest: { resources?: { urn: string }[] } | null };
  };
  const urns = checkpoint.latest?.resources?.map(({ urn }) => urn) ?? [];
  return urns.filter((urn) => urn.includes("::muster:index:") && urn.includes(`::${host}`)).sort();
}

async function expectConverged(names: readonly Host[]): Promise<void> {
  expect(await souls.on(names)).toEqual(souls.declared(names));
}

function hostAt(at: number): Host {
  return LAYOUT.hosts[at % LAYOUT.hosts.length] as Host;
}

function faultNamed(name: string): Fault {
  return FAULTS.find((fault) => fault.name === name) as Fault;
}

function removeFromFleet(host: Host, agent: string): void {
  const fleet = parse(project.read("fleet.yaml")) as Record<
    "hosts" | "agents" | "contacts",
    Record<string, object>
  >;
  delete fleet.hosts[host];
  delete fleet.agents[agent];
  delete fleet.contacts[agent];
  project.write("fleet.yaml", stringify(fleet));
}
