import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseItemName } from "../../src/model/agent-parts.ts";
import type { FileItem, Props } from "../../src/model/items.ts";
import { planOf } from "./support/compile-plan.ts";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { factsScript, LISTING, readStarts, startsScript } from "./support/host-facts.ts";
import { type Place, placesOf, STASH } from "./support/mutation-forms/form.ts";
import { batchesOf, type Mutation } from "./support/mutations.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { reportedByDrift, reportedByPreview } from "./support/reported-differences.ts";

/** Three hosts, because each batch of mutations can change an item of a host only once on each host. */
const layout = {
  hosts: ["hub", "east", "west"],
  agents: { hub: ["ada", "bea"], east: ["cid", "dot"], west: ["eve", "fay"] },
};
type Host = keyof typeof layout.agents;
const HOSTS = layout.hosts as Host[];
const AGENTS = Object.values(layout.agents).flat();
const files = localFleet(layout);
const plan = planOf(files);
const batches = batchesOf(plan);

let project: Project;
/** The facts about each host, read over plain ssh while everything is as declared. */
let declaredFacts: string[];

/** Runs a script on each host. @returns the output of each host */
const onHosts = (scriptOf: (host: Host) => string) =>
  Promise.all(HOSTS.map((host) => project.onHost(host, scriptOf(host))));
const facts = () => onHosts((host) => factsScript(placesOn(host)));
const starts = async (): Promise<Record<string, string>> =>
  Object.assign({}, ...(await onHosts((host) => startsScript(layout.agents[host]))).map(readStarts));

beforeAll(async () => {
  project = await makeProject(files, secretsFor(layout));
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  declaredFacts = await facts();
});

afterAll(() => project?.dispose());

test("every property of every resource type and agent part is changed by at least one mutation", () => {
  const mutations = batches.flat();
  const roles = new Map(mutations.map(({ role, place }) => [role, place]));
  for (const [role, { item }] of roles) {
    const own = mutations.filter((mutation) => mutation.role === role).flatMap(({ form }) => form.properties);
    expect([...new Set(own)].sort(), role).toEqual(Object.keys(item.want as Props).sort());
  }
  const partsOf = (places: readonly Place[]) =>
    new Set(places.map(({ declaration, name }) => `${declaration.type} ${parseItemName(name).part}`));
  expect(partsOf(mutations.map(({ place }) => place))).toEqual(partsOf(placesOf(plan)));
});

test("in several batches of mutations, at least one agent must not be restarted", () => {
  const withCalm = batches.filter((batch) => calmAgents(batch).length > 0);
  expect(withCalm.length).toBeGreaterThan(1);
});

test("every agent can read its own credential file", async () => {
  const read = ({ item }: Place) => (item.kind === "file" && item.secret ? [asOwner(item)] : []);
  const values = await onHosts((host) => placesOn(host).flatMap(read).join("\n"));
  for (const value of Object.values(secretsFor(layout))) expect(values.join("\n")).toContain(value);
});

describe.each(batches.map((batch, i) => ({ batch, number: i + 1, count: batch.length })))(
  "$count manual changes (batch $number of the drift matrix)",
  ({ batch }) => {
    const reported = [...new Set(batch.flatMap((mutation) => mutation.reported))].sort();
    const on = (host: Host) => batch.filter(({ place }) => place.declaration.host === host);
    const keeps = (host: Host) => ["true", ...on(host).flatMap(({ form }) => form.keeps ?? [])].join("\n");

    beforeAll(async () => {
      expect(await facts()).toEqual(declaredFacts);
      await onHosts((host) => plantScript(on(host)));
    });

    test("are reported per property by `fleet drift` and `pulumi preview`, and neither command changes anything", async () => {
      const before = await onHosts(() => LISTING);
      const drift = await must(project.fleet(["drift", "--json"]), 7);
      const preview = await must(project.pulumi(["preview", "--json", "--expect-no-changes"]), 7);
      expect(withoutWatchdog(reportedByDrift(drift.stdout), reported)).toEqual(reported);
      expect(withoutWatchdog(reportedByPreview(preview.stdout), reported)).toEqual(reported);
      expect(await onHosts(() => LISTING)).toEqual(before);
    });

    test("are repaired by `pulumi up`, which restarts an agent only if something that it reads at startup has changed", async () => {
      const [before, kept] = [await starts(), await onHosts(keeps)];
      const stash = await onHosts(() => STASHED);
      await must(project.pulumi(["up", "--yes", "--skip-preview"]));
      expect(await facts()).toEqual(declaredFacts);
      expect(await onHosts(keeps)).toEqual(kept);
      expect(await onHosts(() => STASHED)).toEqual(stash);
      const after = await starts();
      expect(Object.keys(after).sort()).toEqual(AGENTS);
      for (const agent of calmAgents(batch)) expect(after[agent]).toBe(before[agent]);
      await must(project.fleet(["drift"]));
    });
  },
);

const placesOn = (host: Host) => placesOf(plan).filter(({ declaration }) => declaration.host === host);

/**
 * Omits the finding that the deadman of a host does not run, if its unit file was replaced. In this case, systemd
 * accepts no ping from the deadman, and its watchdog ends the deadman a few seconds later, before or after the next
 * command.
 */
function withoutWatchdog(found: readonly string[], reported: readonly string[]): string[] {
  return found.filter((one) => reported.includes(one) || !isReplaced(one, reported));
}

function isReplaced(found: string, reported: readonly string[]): boolean {
  const [, host] = /^(\S+)\/host: hostd\.active$/.exec(found) ?? [];
  return ["type", "content"].some((property) =>
    reported.includes(`${host}/host: hostd unit file.${property}`),
  );
}

const asOwner = ({ path, want }: FileItem) => `runuser -u ${want.owner} -- cat ${path}`;

/** Lists everything in the folder that the planted symlinks point to. `up` must not write through a symlink. */
const STASHED = `find ${STASH} -printf '%p %M %U %G %s %T@\\n' | sort`;

function plantScript(batch: readonly Mutation[]): string {
  const scripts = batch.map(({ form }) => `(${form.script}\n)`);
  return ["set -e", `rm -rf ${STASH}; mkdir ${STASH}`, ...scripts].join("\n");
}

/** Returns the agents that `up` must not restart after the mutations of a batch. */
function calmAgents(batch: readonly Mutation[]): string[] {
  return AGENTS.filter((agent) => !batch.some((mutation) => mayRestart(mutation, agent)));
}

/**
 * Returns whether `up` is allowed to restart an agent after a mutation. An agent reads its unit and its credentials
 * only when it starts, and its home is mounted only then. A mutation can also stop or override the unit.
 */
function mayRestart({ reported }: Mutation, agent: string): boolean {
  const read = new RegExp(`^[^/]+/${agent}/agent: (unit|credentials):.*\\.(content|type|active|overrides)$`);
  return reported.some(
    (one) => read.test(one) || one.endsWith(`/${agent}/agent: identity:/home/${agent}.type`),
  );
}
