import type { HostItem, Items, Observation, Observations } from "../model/items.ts";
import type { HostRecord } from "../model/record.ts";
import { readAccounts } from "./accounts.ts";
import type { Host } from "./context.ts";
import type { Scene, Subject } from "./kinds/kind.ts";
import { kindOf } from "./kinds/registry.ts";
import { differs } from "./kinds/standing.ts";
import type { Source } from "./store/contents.ts";
import type { Seal } from "./store/seal.ts";

/** What there is to look up; accounts are read when first asked for, and once. */
export function sceneOf(host: Host, contents: Source, seal: Seal): Scene {
  let accounts: Scene["accounts"] | undefined;
  return {
    host,
    contents,
    seal,
    get accounts() {
      accounts ??= readAccounts(host.paths.etc);
      return accounts;
    },
  };
}

/** A resource's items by name, each with what the record says of it. */
export function subjectsOf(
  items: Items,
  record: HostRecord | undefined,
  secrets: Readonly<Record<string, string>> = {},
): [name: string, subject: Subject][] {
  return Object.entries(items).map(([name, item]) => {
    const applied = record?.applied?.[name];
    const intended = record?.intended?.[name];
    const secret = secrets[name];
    return [
      name,
      {
        item,
        ...(applied && { applied }),
        ...(intended && { intended }),
        ...(secret !== undefined && { secret }),
      },
    ];
  });
}

/** Looks at many items, all of one kind at a time. @returns observations in the order of the subjects */
export function lookAtAll(scene: Scene, subjects: readonly Subject[]): Observation[] {
  const seen = new Map<Subject, Observation>();
  for (const [kind, same] of Map.groupBy(subjects, ({ item }) => item.kind)) {
    const observations = kindOf(kind).observe(scene, same);
    for (const [i, subject] of same.entries())
      seen.set(subject, observations[i] ?? { unknown: "not looked at" });
  }
  return subjects.map((subject) => seen.get(subject) ?? { unknown: "not looked at" });
}

/** Looks at one resource's items. */
export function lookAtItems(scene: Scene, named: readonly [string, Subject][]): Observations {
  const observations = lookAtAll(
    scene,
    named.map(([, subject]) => subject),
  );
  return Object.fromEntries(
    named.map(([name], i) => [name, observations[i] ?? { unknown: "not looked at" }]),
  );
}

/** Whether all that is wanted of an item was observed. */
export function isAsWanted(item: HostItem, observation: Observation | undefined): boolean {
  const seen = observation !== undefined && "props" in observation ? observation.props : {};
  return !differs(item.want, seen, ...Object.keys(item.want));
}
