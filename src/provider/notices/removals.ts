import { formerLabel } from "../../model/former-unit.ts";
import { type Found, givenBack, isFormerUnit } from "../../model/found-items.ts";
import { ASIDE_DIR } from "../../model/host-paths.ts";
import { itemAddress } from "../../model/item-address.ts";
import type { HostItem } from "../../model/items.ts";
import { parseId, subjectKey, subjectOf } from "../../model/resource-id.ts";
import type { FilesNaming } from "../observed-users.ts";
import { listed } from "./join-words.ts";

/** A resource that will be removed, with the facts that its announcement needs. */
export interface Removal {
  /** The resource's Pulumi name: an id such as `hub/iris/agent`, or the name of a machine. */
  readonly name: string;
  readonly host: string;
  readonly items: readonly HostItem[];
  /** The items that existed before Muster and are therefore kept; absent if they are not known. */
  readonly found?: Found;
  /** The files that name the users on the host; absent if they are not known. */
  readonly filesNaming?: FilesNaming;
  readonly isProtected: boolean;
  /** Only for a machine: a phrase that names what is deleted, such as "this local host with its disk". */
  readonly machine?: string;
  /**
   * The reason for the removal, such as " is not in fleet.yaml any more"; empty if the command makes the reason clear.
   */
  readonly why: string;
}

/** For each command that removes resources, the steps with which a protected resource can be removed. */
const UNPROTECT = {
  up: "declare it again with `protect: false`, run `npx pulumi up`, and then remove it from fleet.yaml",
  destroy: "set `protect: false` in fleet.yaml, run `npx pulumi up`, and then destroy it",
} as const;

export type RemovalReason = keyof typeof UNPROTECT;

/**
 * Returns one sentence for each agent, tenant and host that loses items. The sentence says what is removed, and why.
 */
export function removalSentences(removals: readonly Removal[], command: RemovalReason): string[] {
  return [...Map.groupBy(removals, ({ host }) => host)].flatMap(([host, ofHost]) => {
    // A machine is deleted with its disk, so nothing on it is kept.
    const machine = ofHost.find(({ name }) => parseId(name) === undefined);
    if (machine !== undefined) return [sentence(host, [machine], machineClause(machine, ofHost), command)];
    return [...Map.groupBy(ofHost, ({ name }) => subjectKey(name)).values()].map((parts) => {
      return sentence(subjectText(parts[0]?.name ?? host), parts, clausesOf(parts), command);
    });
  });
}

function sentence(
  subject: string,
  parts: readonly Removal[],
  clauses: string,
  command: RemovalReason,
): string {
  const why = parts[0]?.why ?? "";
  if (!parts.some((part) => part.isProtected)) {
    return `${subject}${why}: \`${command}\` ${clauses}.${namedSentence(parts)}`;
  }
  const and = why === "" ? "" : `${why}, and`;
  const itself = subject.includes(":") ? "is protected" : "is protected, or an agent on it is";
  return `${subject}${and} ${itself}: nothing is removed. To remove it, ${UNPROTECT[command]}.`;
}

/** Returns the sentence about files that name a removed user; empty if there are no such files. */
function namedSentence(parts: readonly Removal[]): string {
  const { items } = goingAndKept(parts);
  const named = items.flatMap((item) => {
    if (item.kind !== "user" || item.onRemove === "keep") return [];
    const files = parts.flatMap(({ filesNaming }) => filesNaming?.[item.name] ?? []);
    return files.length === 0 ? [] : [{ user: item.name, files: [...new Set(files)] }];
  });
  return named
    .map(({ user, files }) => {
      return ` It does not change ${listed(files)}: remove the lines that name ${user}, because they apply to any later user ${user}.`;
    })
    .join("");
}

/** Returns the subject of a sentence: `hub`, `hub: iris` or `hub: tenant arc`. */
function subjectText(id: string): string {
  const { kind, host, name } = subjectOf(id);
  if (kind === "host") return host;
  return `${host}: ${kind === "tenant" || kind === "reader" ? `${kind} ${name}` : name}`;
}

/** Returns the agents to which the resources with these names belong. */
export function agentsIn(names: readonly string[]): string[] {
  const agents = names.map(subjectOf).filter(({ kind }) => kind === "agent");
  return [...new Set(agents.map(({ name }) => name))].sort();
}

function machineClause(machine: Removal, ofHost: readonly Removal[]): string {
  const agents = agentsIn(ofHost.map(({ name }) => name));
  const clause = `deletes ${machine.machine} and everything on it`;
  return agents.length === 0 ? clause : `${clause}: ${listed(agents)}, with home and data`;
}

/** Separates the items that are removed from the items that existed before Muster. */
function goingAndKept(parts: readonly Removal[]): { items: HostItem[]; kept: HostItem[] } {
  const all = parts.flatMap((part) => part.items);
  const found: Found = Object.assign(
    {},
    ...parts.map((part) => givenBack(Object.fromEntries(part.items.entries()), part.found)),
  );
  const isKept = (item: HostItem) => isFormerUnit(item) || itemAddress(item) in found;
  return { items: all.filter((item) => !isKept(item)), kept: all.filter(isKept) };
}

function clausesOf(parts: readonly Removal[]): string {
  const { items, kept } = goingAndKept(parts);
  const removed = items.flatMap((item) => removedOf(item)).sort((a, b) => place(a) - place(b));
  const homes = items.flatMap((item) => homeClause(item));
  const units = items.flatMap((item) => (item.kind === "unit" && item.user === undefined ? [item] : []));
  const clauses = [
    ...units.map((unit) => (unit.onRemove === "keep" ? "leaves its unit as it is" : "stops it")),
    ...(removed.length > 0 ? [`removes its ${listed([...new Set(removed)])}`] : []),
    ...(items.some(({ kind }) => kind === "runtime")
      ? ["removes Muster's runtime from it (packages are kept)"]
      : []),
    ...homes,
    ...keptClauses(kept),
  ];
  if (clauses.length === 0) return "removes what is left of it";
  return clauses.length < 3 ? listed(clauses) : `${clauses.slice(0, -1).join(", ")}, and ${clauses.at(-1)}`;
}

/**
 * Returns the clauses about the users, homes and groups that are kept because they existed before Muster, and about the
 * agent's former units.
 */
function keptClauses(kept: readonly HostItem[]): string[] {
  const users = kept.flatMap((item) => (item.kind === "user" ? [`user ${item.name}`] : []));
  const homes = kept.flatMap((item) =>
    item.kind === "directory" && item.onRemove !== undefined ? [`home ${item.path}`] : [],
  );
  const groups = kept.flatMap((item) => (item.kind === "group" ? [`group ${item.name}`] : []));
  const units = (active: string) =>
    kept.filter(isFormerUnit).flatMap((item) => (item.want.active === active ? [formerLabel(item)] : []));
  const [stopped, running] = [units("stopped"), units("running")];
  return [
    ...(users.length + homes.length > 0 ? [`gives back ${listed([...users, ...homes])} as found`] : []),
    ...(groups.length > 0 ? [`keeps ${listed(groups)}`] : []),
    ...(stopped.length > 0 ? [`restores ${listed(stopped)}, which ran it before`] : []),
    ...(running.length > 0 ? [`leaves ${listed(running)} running`] : []),
  ];
}

/** Returns the rank of a removed item in its sentence. The sentence lists items in the order of their removal. */
function place(removed: string): number {
  return ["unit", "jobs", "credentials", "user", "group"].findIndex((one) => removed.startsWith(one));
}

function removedOf(item: HostItem): string[] {
  if (item.kind === "unit") return item.onRemove === "keep" ? [] : ["unit"];
  if (item.kind === "timer") return ["jobs"];
  if (item.kind === "user" || item.kind === "group")
    return item.onRemove === "keep" ? [] : [`${item.kind} ${item.name}`];
  return item.kind === "file" && isCredential(item.secret) ? ["credentials"] : [];
}

/** Whether a reference names a secret, and not addresses or public keys that only the provider knows. */
function isCredential(reference = ""): boolean {
  return /^(config|env|file|exec):/.test(reference);
}

function homeClause(item: HostItem): string[] {
  if (item.kind !== "directory") return [];
  if (item.onRemove === "wipe") return [`deletes its home ${item.path} with everything in it`];
  return item.onRemove === "aside" ? [`moves its home ${item.path} aside to ${ASIDE_DIR}`] : [];
}
