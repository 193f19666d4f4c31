import type { HostRecord } from "../../model/host-record.ts";
import type { HostItem, Items, Observation, Observations } from "../../model/items.ts";
import { readAccounts } from "../accounts/accounts.ts";
import type { Host } from "../context.ts";
import { differs } from "../kinds/file-attributes.ts";
import type { ItemState, KindContext } from "../kinds/kind.ts";
import { kindOf } from "../kinds/registry.ts";
import type { ContentSource } from "../store/contents.ts";
import type { SecretHasher } from "../store/secret-hasher.ts";

/** What there is to look up; accounts are read when first asked for, and once. */
export function kindContext(host: Host, contents: ContentSource, seal: SecretHasher): KindContext {
  let accounts: KindContext["accounts"] | undefined;
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
export function itemStates(
  items: Items,
  record: HostRecord | undefined,
  secrets: Readonly<Record<string, string>> = {},
): [name: string, subject: ItemState][] {
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
export function observeAll(scene: KindContext, subjects: readonly ItemState[]): Observation[] {
  const seen = new Map<ItemState, Observation>();
  for (const [kind, same] of Map.groupBy(subjects, ({ item }) => item.kind)) {
    const observations = kindOf(kind).observe(scene, same);
    for (const [i, subject] of same.entries())
      seen.set(subject, observations[i] ?? { unknown: "not looked at" });
  }
  return subjects.map((subject) => seen.get(subject) ?? { unknown: "not looked at" });
}

/** Looks at one resource's items. */
export function observeItems(scene: KindContext, named: readonly [string, ItemState][]): Observations {
  const observations = observeAll(
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
