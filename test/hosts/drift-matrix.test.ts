import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FileItem, Props } from "../../src/model/items.ts";
import { parseItemName } from "../../src/model/parts.ts";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { factsScript, LISTING, readStarts, startsScript } from "./support/host-facts.ts";
import { type Place, placesOf, STASH } from "./support/mutation-forms/form.ts";
import { batchesOf, type Mutation } from "./support/mutations.ts";
import { planOf } from "./support/plan.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { reportedByDrift, reportedByPreview } from "./support/reported-differences.ts";

const AGENTS = ["ada", "bea", "cid", "dot", "eve", "fay"];
const layout = { hosts: ["hub"], agents: { hub: AGENTS } };
const files = localFleet(layout);
const plan = planOf(files);
const batches = batchesOf(plan);

let project: Project;
/** What plain ssh prints about the host while everything is as declared. */
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

test("most batches contain agents that must not be restarted", () => {
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

    test("are reported per property, and identically by drift and preview, which change nothing", async () => {
      const before = await onHub(LISTING);
      const drift = await must(project.fleet(["drift", "--json"]), 7);
      const preview = await must(project.pulumi(["preview", "--json", "--expect-no-changes"]), 7);
      expect(reportedByDrift(drift.stdout)).toEqual(reported);
      expect(reportedByPreview(preview.stdout)).toEqual(reported);
      expect(await onHub(LISTING)).toBe(before);
    });

    test("are repaired by up, which restarts only agents whose startup inputs have changed", async () => {
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
      await must(project.pulumi(["preview", "--expect-no-changes"]));
    });
  },
);

const asOwner = ({ path, want }: FileItem) => `runuser -u ${want.owner} -- cat ${path}`;

/** Everything in the folders that the planted symlinks point to. Nothing may be written through a symlink. */
const STASHED = `find ${STASH} -printf '%p %M %U %G %s %T@\\n' | sort`;

function plantScript(batch: readonly Mutation[]): string {
  const scripts = batch.map(({ form }) => `(${form.script}\n)`);
  return ["set -e", `rm -rf ${STASH}; mkdir ${STASH}`, ...scripts].join("\n");
}

/** The agents that no mutation of the batch may restart. */
function calmAgents(batch: readonly Mutation[]): string[] {
  return AGENTS.filter((agent) => !batch.some((mutation) => mayRestart(mutation, agent)));
}

/**
 * An agent reads its unit and its credentials when it starts, and its home is mounted then. A unit may have been
 * stopped or overridden.
 */
function mayRestart({ reported }: Mutation, agent: string): boolean {
  const read = new RegExp(`^hub/${agent}/agent: (unit|credentials):.*\\.(content|type|active|overrides)$`);
  return reported.some((one) => read.test(one) || one === `hub/${agent}/agent: identity:/home/${agent}.type`);
}
