import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FileItem, Props } from "../../src/model/items.ts";
import { parseItemName } from "../../src/model/parts.ts";
import { localFleet, secretsFor } from "./support/fleets.ts";
import { type Place, placesOf, STASH } from "./support/forms/form.ts";
import { factsScript, LISTING, readStarts, startsScript } from "./support/host-facts.ts";
import { batchesOf, type Mutation } from "./support/mutations.ts";
import { planOf } from "./support/plan.ts";
import { makeProject, must, type Project } from "./support/project.ts";
import { toldByDrift, toldByPreview } from "./support/told.ts";

const AGENTS = ["ada", "bea", "cid", "dot", "eve", "fay"];
const layout = { hosts: ["hub"], agents: { hub: AGENTS } };
const files = localFleet(layout);
const plan = planOf(files);
const batches = batchesOf(plan);

let project: Project;
/** What a bare ssh printed of the host while everything was as declared. */
let whole: string;

const onHub = (script: string) => project.onHost("hub", script);
const facts = () => onHub(factsScript(placesOf(plan)));
const starts = async () => readStarts(await onHub(startsScript(AGENTS)));

beforeAll(async () => {
  project = await makeProject(files, secretsFor(layout));
  await must(project.pulumi(["up", "--yes", "--skip-preview"]));
  whole = await facts();
});

afterAll(() => project?.dispose());

test("no property of any resource type, or part of an agent, is without a mutation", () => {
  const mutations = batches.flat();
  const roles = new Map(mutations.map(({ role, place }) => [role, place]));
  for (const [role, { item }] of roles) {
    const own = mutations.filter((mutation) => mutation.role === role).flatMap(({ form }) => form.tells);
    expect([...new Set(own)].sort(), role).toEqual(Object.keys(item.want as Props).sort());
  }
  const partsOf = (places: readonly Place[]) =>
    new Set(places.map(({ declaration, name }) => `${declaration.type} ${parseItemName(name).part}`));
  expect(partsOf(mutations.map(({ place }) => place))).toEqual(partsOf(placesOf(plan)));
});

test("most batches have agents that must not be restarted", () => {
  const withCalm = batches.filter((batch) => calmAgents(batch).length > 0);
  expect(withCalm.length).toBeGreaterThan(batches.length / 2);
});

test("every agent reads its own credential by its path", async () => {
  const read = ({ item }: Place) => (item.kind === "file" && item.secret ? [asOwner(item)] : []);
  const values = await onHub(placesOf(plan).flatMap(read).join("\n"));
  for (const value of Object.values(secretsFor(layout))) expect(values).toContain(value);
});

describe.each(batches.map((batch, i) => ({ batch, number: i + 1, count: batch.length })))(
  "batch $number of the drift matrix, with $count changes by hand",
  ({ batch }) => {
    const told = [...new Set(batch.flatMap((mutation) => mutation.told))].sort();
    const keeps = ["true", ...batch.flatMap(({ form }) => form.keeps ?? [])].join("\n");

    beforeAll(async () => {
      expect(await facts()).toBe(whole);
      await onHub(plantScript(batch));
    });

    test("is named alike, per property, by drift and by preview, which change nothing", async () => {
      const before = await onHub(LISTING);
      const drift = await must(project.fleet(["drift", "--json"]), 7);
      const preview = await must(project.pulumi(["preview", "--json", "--expect-no-changes"]), 7);
      expect(toldByDrift(drift.stdout)).toEqual(told);
      expect(toldByPreview(preview.stdout)).toEqual(told);
      expect(await onHub(LISTING)).toBe(before);
    });

    test("is mended by up, which restarts no agent but for what it reads when it starts", async () => {
      const [before, kept] = [await starts(), await onHub(keeps)];
      const stash = await onHub(STASHED);
      await must(project.pulumi(["up", "--yes", "--skip-preview"]));
      expect(await facts()).toBe(whole);
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

/** What lies where a symlink led to: nothing may be written through one. */
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
 * An agent reads its unit and its credentials when it starts, and has its home mounted then; a unit may have been
 * stopped or overridden.
 */
function mayRestart({ told }: Mutation, agent: string): boolean {
  const read = new RegExp(`^hub/${agent}/agent: (unit|credentials):.*\\.(content|type|active|overrides)$`);
  return told.some((one) => read.test(one) || one === `hub/${agent}/agent: identity:/home/${agent}.type`);
}
