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

const AGENTS = ["ada", "bea", "cid", "dot", "eve", "fay"];
const layout = { hosts: ["hub"], agents: { hub: AGENTS } };
const files = localFleet(layout);
const plan = planOf(files);
const batches = batchesOf(plan);

let project: Project;
/** The facts about the host, read over plain ssh while everything is as declared. */
let declaredFacts: string;

const onHub = (script: string) => project.onHost("hub", script);
const facts = () => onHub(factsScript(placesOf(plan)));
const starts = async () => readStarts(await onHub(startsScript(AGENTS)));

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

test("in most batches of mutations, at least one agent must not be restarted", () => {
  const withCalm = batches.filter((batch) => calmAgents(batch).length > 0);
  expect(withCalm.length).toBeGreaterThan(batches.length / 2);
});

test("every agent can read its own credential file", async () => {
  const read = ({ item }: Place) => (item.kind === "file" && item.secret ? [asOwner(item)] : []);
  const values = await onHub(placesOf(plan).flatMap(read).join("\n"));
  for (const value of Object.values(secretsFor(layout))) expect(values).toContain(value);
});

describe.each(batches.map((batch, i) => ({ batch, number: i + 1, count: batch.length })))(
  "$count manual changes (batch $number of the drift matrix)",
  ({ batch }) => {
    const reported = [...new Set(batch.flatMap((mutation) => mutation.reported))].sort();
    const keeps = ["true", ...batch.flatMap(({ form }) => form.keeps ?? [])].join("\n");

    beforeAll(async () => {
      expect(await facts()).toBe(declaredFacts);
      await onHub(plantScript(batch));
    });

    test("are reported per property by `fleet drift` and `pulumi preview`, and neither command changes anything", async () => {
      const before = await onHub(LISTING);
      const drift = await must(project.fleet(["drift", "--json"]), 7);
      const preview = await must(project.pulumi(["preview", "--json", "--expect-no-changes"]), 7);
      expect(withoutWatchdog(reportedByDrift(drift.stdout), reported)).toEqual(reported);
      expect(withoutWatchdog(reportedByPreview(preview.stdout), reported)).toEqual(reported);
      expect(await onHub(LISTING)).toBe(before);
    });

    test("are repaired by `pulumi up`, which restarts an agent only if something that it reads at startup has changed", async () => {
      const [before, kept] = [await starts(), await onHub(keeps)];
      const stash = await onHub(STASHED);
      await must(project.pulumi(["up", "--yes", "--skip-preview"]));
      expect(await facts()).toBe(declaredFacts);
      expect(await onHub(keeps)).toBe(kept);
      expect(await onHub(STASHED)).toBe(stash);
      const after = await starts();
      expect(Object.keys(after).sort()).toEqual(AGENTS);
      for (const agent of calmAgents(batch)) expect(after[agent]).toBe(before[agent]);
      await must(project.fleet(["drift"]));
    });
  },
);

/**
 * Omits the finding that the deadman does not run, if the deadman's unit file was replaced. In this case, systemd
 * accepts no ping from the deadman, and its watchdog ends the deadman a few seconds later, before or after the next
 * command.
 */
function withoutWatchdog(found: readonly string[], reported: readonly string[]): string[] {
  const isReplaced = ["type", "content"].some((name) =>
    reported.includes(`hub/host: hostd unit file.${name}`),
  );
  return found.filter((one) => !(isReplaced && one === "hub/host: hostd.active" && !reported.includes(one)));
}

const asOwner = ({ path, want }: FileItem) => `runuser -u ${want.owner} -- cat ${path}`;

/** Lists everything in the folder that the planted symlinks point to. `up` must not write through a symlink. */
const STASHED = `find ${STASH} -printf '%p %M %U %G %s %T@\\n' | sort`;

function plantScript(batch: readonly Mutation[]): string {
  const scripts = batch.map(({ form }) => `(${form.script}\n)`);
  return ["set -e", `rm -rf ${STASH}; mkdir ${STASH}`, ...scripts].join("\n");
}

/** The agents that `up` must not restart after the mutations of a batch. */
function calmAgents(batch: readonly Mutation[]): string[] {
  return AGENTS.filter((agent) => !batch.some((mutation) => mayRestart(mutation, agent)));
}

/**
 * Whether `up` is allowed to restart an agent after a mutation. An agent reads its unit and its credentials only when
 * it starts, and its home is mounted only then. A mutation can also stop or override the unit.
 */
function mayRestart({ reported }: Mutation, agent: string): boolean {
  const read = new RegExp(`^hub/${agent}/agent: (unit|credentials):.*\\.(content|type|active|overrides)$`);
  return reported.some((one) => read.test(one) || one === `hub/${agent}/agent: identity:/home/${agent}.type`);
}
