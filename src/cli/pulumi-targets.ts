import type { AgentSpec, Fleet, HostSpec } from "../config/fleet.ts";

/** The part of a fleet that a run covers; by default the entire fleet. */
export interface TargetSelection {
  readonly host?: string;
  readonly agent?: string;
}

/**
 * Returns URN patterns for the engine's `--target`. A literal URN must already be in the state. A pattern also matches
 * resources that are new or will be removed. The targets of an agent do not include its host and tenant, because the
 * engine would then also require all other resources that depend on the host and the tenant. The host and the tenant
 * must therefore exist already.
 */
export function targetsOf(
  fleet: Fleet,
  { host, agent }: TargetSelection,
  { stack, project }: { readonly stack: string; readonly project: string },
): string[] {
  const chosen = agent === undefined ? undefined : fleet.agents[agent];
  const hosts = Object.values(fleet.hosts).filter(({ name }) => name === (host ?? name));
  const names = chosen ? namesFor(chosen) : hosts.flatMap(namesOn);
  // `**` also matches URNs without a parent. Resources in a tenant's stack and in older states have such URNs.
  return names.map((name) => `urn:pulumi:${stack}::${project}::**muster:index:*::${name}`);
}

/** Returns patterns for a host and everything on it, under its current and former names. */
function namesOn(host: HostSpec): string[] {
  return namesOf(host).flatMap((name) => [name, `${name}/**`]);
}

/** Returns patterns that match an agent on any host, because an agent that moves has resources on two hosts. */
function namesFor(agent: AgentSpec): string[] {
  return namesOf(agent).map((one) => `*/${one}/**`);
}

function namesOf({ name, formerly }: Pick<HostSpec, "name" | "formerly">): string[] {
  return [name, ...formerly];
}
