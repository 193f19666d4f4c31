import type { HostBase, HostKindName } from "../config/host-spec.ts";
import { droplet } from "./droplet/index.ts";
import type { HostKind, MachineOfKind } from "./host-kind.ts";
import { local } from "./local/index.ts";
import { pulumi } from "./pulumi/index.ts";
import { ssh } from "./ssh/index.ts";

/** All host kinds. Each kind has an entry here and a sibling folder of this file. */
export const HOST_KINDS = { ssh, local, droplet, pulumi } satisfies Readonly<Record<HostKindName, HostKind>>;

/** A host of any kind, as fleet.yaml declares it. */
export type AnyHostSpec = SpecOf<(typeof HOST_KINDS)[HostKindName]>;

type SpecOf<Kind> = Kind extends HostKind<infer Spec> ? Spec : never;

/** The names of all kinds. */
export const HOST_KIND_NAMES = Object.keys(HOST_KINDS) as readonly HostKindName[];

/** Calls `build` for each kind, and returns the results by kind. */
export function byKind<T>(build: (kind: HostKindName) => T): Readonly<Record<HostKindName, T>> {
  return Object.fromEntries(HOST_KIND_NAMES.map((kind) => [kind, build(kind)])) as Record<HostKindName, T>;
}

/** Returns the definition of a host's kind. */
export function hostKindOf({ kind }: Pick<HostBase, "kind">): HostKind {
  return HOST_KINDS[kind];
}

/** The machine definitions of all host kinds that have a machine. */
export const MACHINES: readonly MachineOfKind[] = HOST_KIND_NAMES.flatMap(
  (kind) => hostKindOf({ kind }).machine ?? [],
);
