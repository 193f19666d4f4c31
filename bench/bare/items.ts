import type { Plan } from "../../src/model/declaration.ts";
import { HOSTD_UNIT, UNIT_DIR } from "../../src/model/host-paths.ts";
import type { HostItem, ItemKind } from "../../src/model/items.ts";

export type ItemOf<K extends ItemKind> = Extract<HostItem, { kind: K }>;

/** Everything that the plan declares on a host. */
export function itemsOf(plan: Plan, host: string): HostItem[] {
  return plan.declarations.filter((one) => one.host === host).flatMap(({ items }) => Object.values(items));
}

export function ofKind<K extends ItemKind>(items: readonly HostItem[], kind: K): ItemOf<K>[] {
  return items.filter((item): item is ItemOf<K> => item.kind === kind);
}

/** All but Muster's own runtime, its deadman, and packages: an expert's script needs none of these. */
export function withoutRuntime(items: readonly HostItem[]): HostItem[] {
  return items.filter((item) => item.kind !== "runtime" && item.kind !== "package" && !isDeadman(item));
}

function isDeadman(item: HostItem): boolean {
  if (item.kind === "unit") return item.name === HOSTD_UNIT;
  return item.kind === "file" && item.path === `${UNIT_DIR}/${HOSTD_UNIT}`;
}

/** A word of a shell script. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command with words after it; nothing where there are no words, for many a tool would then tell of everything. */
export function line(command: string, words: readonly string[]): string[] {
  return words.length === 0 ? [] : [`${command} ${words.map(quoted).join(" ")}`];
}
