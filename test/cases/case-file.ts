import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import type { Fleet } from "../../src/config/fleet.ts";
import { loadFleet } from "../../src/config/load-fleet.ts";
import { byPart, type ItemProperty, itemName } from "../../src/model/agent-parts.ts";
import type { Declaration, Plan } from "../../src/model/declaration.ts";
import type { Digest, HostItem, Items, Props, Scalar } from "../../src/model/items.ts";
import { compilePlan } from "../../src/resources/index.ts";

/**
 * The expected items of a resource type or of an agent's part, and the expected findings if a host differs from these
 * items.
 */
export interface CaseFile {
  readonly builds: readonly BuildCase[];
  readonly observations: readonly ObservationCase[];
}

export interface BuildCase {
  readonly case: string;
  /** Sections of fleet.yaml, each of which replaces a section of SMALL_FLEET. */
  readonly fleet?: Readonly<Record<string, unknown>>;
  /** The texts of files in the folder of fleet.yaml, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Every resource of the type, by id. */
  readonly resources: Readonly<Record<string, ExpectedResource>>;
}

export interface ExpectedResource extends Partial<Omit<Declaration, "items">> {
  /** All items of the resource. A `content` is the complete text, or a list of some of the text's lines in order. */
  readonly items?: Readonly<Record<string, ExpectedItem>>;
  /** The names of all items of the resource. They are needed only if `items` does not list all items. */
  readonly names?: readonly string[];
}

export interface ExpectedItem {
  readonly want: Readonly<Record<string, unknown>>;
}

export interface ObservationCase {
  /** The name of an item in one of the `builds`. */
  readonly item: string;
  /** The properties that differ on the host. If the item is absent, only these properties are observed. */
  readonly host?: Props;
  /** Why the host cannot observe the item. */
  readonly unknown?: string;
  /** The differences, each in the form `property declared -> observed`. A declared text has the form `as declared`. */
  readonly findings: readonly string[];
}

/** The compiled fleet of a build case. */
export interface Built {
  readonly fleet: Fleet;
  readonly plan: Plan;
}

const SMALL_FLEET = {
  apiVersion: "muster/v1",
  kind: "Fleet",
  name: "test",
  hosts: { hub: { kind: "local" } },
  tenants: { arc: {} },
  identities: { iris: { soul: "SOUL.md" } },
  contacts: { iris: { display_name: "Iris", type: "agent" } },
  agents: { iris: { host: "hub", tenant: "arc", command: ["/bin/sh", "agent.sh"] } },
};

/** Returns the names of the case files in a folder, without their suffix. */
export function findCaseFiles(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => basename(name, ".yaml"))
    .sort();
}

export function readCaseFile(path: string): CaseFile {
  return parse(readFileSync(path, "utf8")) as CaseFile;
}

/** Loads and compiles the fleet of a build case, with the versions of an invented host runtime. */
export function build({ fleet = {}, files = {} }: BuildCase): Built {
  const dir = mkdtempSync(join(tmpdir(), "muster-case-"));
  try {
    const texts = { "SOUL.md": "# Iris\n", ...files, "fleet.yaml": stringify({ ...SMALL_FLEET, ...fleet }) };
    for (const [path, text] of Object.entries(texts)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    }
    const loaded = loadFleet(join(dir, "fleet.yaml"));
    return { fleet: loaded, plan: compilePlan(loaded, { bundle: "0123456789abcdef", node: "24.0.0" }) };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** The subject of one case file: a resource type or a part of an agent. */
export interface Subject {
  readonly name: string;
  readonly type: string;
  /** Undefined for a complete agent. The case file of an agent names the part of each item. */
  readonly part?: ItemProperty;
}

/** Returns the items of a resource that a case file covers, by their names in the case file. */
export function subjectItems({ part }: Subject, { items }: Declaration): Items {
  return part === undefined ? items : (byPart(items)[part] ?? {});
}

/** Returns the name that an item of a case file has within its resource. */
export function fullName({ part }: Subject, name: string): string {
  return part === undefined ? name : itemName(part, name);
}

/** Replaces the digest in an item by the text, or by the expected lines of the text if these are a list. */
export function withText(item: HostItem, { contents }: Plan, expected: ExpectedItem): unknown {
  const want = Object.entries<Scalar>(item.want).map(([name, value]) => {
    const text = contents[value as Digest];
    const lines = expected.want[name];
    if (text === undefined) return [name, value];
    return [name, Array.isArray(lines) ? text.split("\n").filter((line) => lines.includes(line)) : text];
  });
  return { ...item, want: Object.fromEntries(want) };
}
