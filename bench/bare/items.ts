import type { Plan } from "../../src/model/declaration.ts";
import { HOSTD_UNIT, UNIT_DIR } from "../../src/model/host-paths.ts";
import type { HostItem, ItemKind } from "../../src/model/items.ts";

export type ItemOf<K extends ItemKind> = Extract<HostItem, { kind: K }>;

/** Returns all items that the plan declares on a host. */
export function itemsOf(plan: Plan, host: string): HostItem[] {
  return plan.declarations.filter((one) => one.host === host).flatMap(({ items }) => Object.values(items));
}

export function ofKind<K extends ItemKind>(items: readonly HostItem[], kind: K): ItemOf<K>[] {
  return items.filter((item): item is ItemOf<K> => item.kind === kind);
}

/**
 * Returns all items except Muster's own runtime, its deadman and packages. An expert's script does not need these
 * items.
 */
export function withoutRuntime(items: readonly HostItem[]): HostItem[] {
  return items.filter((item) => item.kind !== "runtime" && item.kind !== "package" && !isDeadman(item));
}

function isDeadman(item: HostItem): boolean {
  if (item.kind === "unit") return item.name === HOSTD_UNIT;
  return item.kind === "file" && item.path === `${UNIT_DIR}/${HOSTD_UNIT}`;
}

/** Quotes a word for a shell script. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Returns a command line. Returns no line if there are no words, because many tools would then list everything. */
export function line(command: string, words: readonly string[]): string[] {
  return words.length === 0 ? [] : [`${command} ${words.map(quoted).join(" ")}`];
}
