import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { observeFleet } from "../../src/cli/observe/fleet.ts";
import { AGENT_PARTS, parseItemName } from "../../src/model/agent-parts.ts";
import { RESOURCE_TYPES } from "../../src/model/declaration.ts";
import type { Finding } from "../../src/model/drift-finding.ts";
import type { Digest, HostItem, Items, Observation, Props, Scalar } from "../../src/model/items.ts";
import { type Changes, readerOf } from "../cli/support/answers.ts";
import {
  type BuildCase,
  type Built,
  build,
  findCaseFiles,
  fullName,
  type ObservationCase,
  readCaseFile,
  type Subject,
  subjectItems,
  withText,
} from "./case-file.ts";

const dir = import.meta.dirname;
const types = findCaseFiles(dir);
const parts = findCaseFiles(join(dir, "agent"));

test("each resource type and each part of an agent has a case file", () => {
  expect(types).toEqual([...RESOURCE_TYPES].sort());
  expect(parts).toEqual([...AGENT_PARTS].sort());
});

const agent: Subject = { name: "Agent", type: "Agent" };
/** The case files with items. An agent's items are in the case files of the agent's parts. */
const itemSubjects: Subject[] = [
  ...types.filter((type) => type !== "Agent").map((type) => ({ name: type, type, part: "items" }) as const),
  ...AGENT_PARTS.filter((part) => parts.includes(part)).map(
    (part) => ({ name: `agent/${part}`, type: "Agent", part }) as const,
  ),
];

describe.each([agent, ...itemSubjects])("a resource in the case file $name", (subject) => {
  const { builds, observations } = load(subject);

  test.each(builds)("has the expected items: $case", ({ built, resources }) => {
    const declared = built.plan.declarations.filter(({ type }) => type === subject.type);
    expect(declared.map(({ id }) => id)).toEqual(Object.keys(resources));
    for (const declaration of declared) {
      const { items = {}, names, ...expected } = resources[declaration.id] ?? {};
      const found = subjectItems(subject, declaration);
      expect(declaration).toMatchObject(expected);
      expect(Object.keys(found)).toEqual(names ?? Object.keys(items));
      for (const [name, item] of Object.entries(items)) {
        expect(withText(itemIn(found, name), built.plan, item), name).toEqual(item);
      }
    }
  });

  test.each(builds)("has no drift if the host is as declared: $case", async ({ built }) => {
    expect(await observe(built, {})).toEqual({ findings: [], unknown: [] });
  });

  test.each(observations)("has the findings $findings if the item $item differs", async (observation) => {
    const { built, id, item } = findItem(subject, builds, observation.item);
    const name = fullName(subject, observation.item);
    const { findings, unknown } = await observe(built, {
      [`${id}/${name}`]: observationOf(item, observation),
    });
    const places = [...findings, ...unknown].map(
      (one) => `${one.resource}/${one.part ?? "items"}/${one.item}`,
    );
    const { part, label } = parseItemName(name);
    expect(new Set(places)).toEqual(new Set([`${id}/${part}/${label}`]));
    expect(findings.map((one) => findingText(one, built))).toEqual(observation.findings);
    expect(unknown.map(({ reason }) => reason)).toEqual(observation.unknown ? [observation.unknown] : []);
  });
});

test.each(itemSubjects)(
  "the case file $name observes each kind of item as missing, as unknown, and with a change of each property",
  (subject) => {
    const { builds, observations } = load(subject);
    const built = builds.flatMap(({ built }) => built.plan.declarations);
    const items = built
      .filter(({ type }) => type === subject.type)
      .flatMap((one) => Object.values(subjectItems(subject, one)));
    const observed = observations.flatMap(({ item, host, findings }) => {
      const { kind } = findItem(subject, builds, item).item;
      if (host === undefined) return [`${kind} unknown`];
      const changed = findings.map((finding) => `${kind} ${finding.split(" ")[0]}`);
      return isGone(host) ? [`${kind} gone`] : changed;
    });
    expect([...new Set(observed)].sort()).toEqual([...new Set(items.flatMap(toObserve))].sort());
  },
);

/** Returns the required observations of an item. A change of `type` or `present` means that the item is gone. */
function toObserve({ kind, want }: HostItem): string[] {
  const properties = Object.keys(want).map((name) => (name === "type" || name === "present" ? "gone" : name));
  return [...properties, "unknown"].map((property) => `${kind} ${property}`);
}

function isGone(host: Props): boolean {
  return host["type"] === "absent" || host["present"] === false;
}

interface LoadedBuild extends BuildCase {
  readonly built: Built;
}

function load({ name }: Subject) {
  const { builds, observations } = readCaseFile(join(dir, `${name}.yaml`));
  return { builds: builds.map((one): LoadedBuild => ({ ...one, built: build(one) })), observations };
}

/** Finds the first item with that name in the builds of a case file. */
function findItem(subject: Subject, builds: readonly LoadedBuild[], name: string) {
  for (const { built } of builds) {
    for (const declaration of built.plan.declarations) {
      const item = subjectItems(subject, declaration)[name];
      if (declaration.type === subject.type && item !== undefined) return { built, id: declaration.id, item };
    }
  }
  throw new Error(`${subject.name}.yaml builds no item ${name}`);
}

function itemIn(items: Items, name: string): HostItem {
  const item = items[name];
  if (item === undefined) throw new Error(`there is no item ${name}`);
  return item;
}

/** Returns what `fleet drift` reports about hosts that somebody has changed since `up`. */
async function observe({ fleet, plan }: Built, changes: Changes) {
  const { findings, unknown } = await observeFleet(
    fleet,
    plan,
    {},
    async (host) => readerOf(host, changes).reader,
  );
  return { findings, unknown };
}

function observationOf(item: HostItem, { host, unknown }: ObservationCase): Observation {
  if (host === undefined) return { unknown: unknown ?? "" };
  return { props: isGone(host) ? host : { ...item.want, ...host } };
}

/** Returns a finding as text. `up` has applied everything, so every difference must be drift. */
function findingText({ property, declared, observed, cause }: Finding, { plan }: Built): string {
  expect(cause).toBe("drift");
  const isText = (value: Scalar) => plan.contents[value as Digest] !== undefined;
  return `${property} ${isText(declared) ? "as declared" : declared} -> ${observed}`;
}
