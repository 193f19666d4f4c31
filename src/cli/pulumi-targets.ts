import type { AgentSpec, Fleet, HostSpec } from "../config/fleet.ts";

/** What of a fleet a run is to be kept to; left out: all of it. */
export interface TargetSelection {
  readonly host?: string;
  readonly agent?: string;
}

/**
 * URNs for the engine's `--target`, as patterns: a literal URN must be in the state already, a pattern also means
 * what is new and what is to be removed. An agent's host and tenant are not among its targets, or the engine would
 * want all else that needs them too: they must be there.
 */
export function targetsOf(
  fleet: Fleet,
  { host, agent }: TargetSelection,
  { stack, project }: { readonly stack: string; readonly project: string },
): string[] {
  const chosen = agent === undefined ? undefined : fleet.agents[agent];
  const hosts = Object.values(fleet.hosts).filter(({ name }) => name === (host ?? name));
  const names = chosen ? namesFor(chosen) : hosts.flatMap(namesOn);
  // What is on a host stands under it in the stack, or, in a tenant's stack and an older state, under nothing.
  return names.map((name) => `urn:pulumi:${stack}::${project}::**muster:index:*::${name}`);
}

/** The host itself and all that is on it, under its names of today and before. */
function namesOn(host: HostSpec): string[] {
  return namesOf(host).flatMap((name) => [name, `${name}/**`]);
}

/** On whichever host: an agent that moves is on two. */
function namesFor(agent: AgentSpec): string[] {
  return namesOf(agent).map((one) => `*/${one}/**`);
}

function namesOf({ name, formerly }: Pick<HostSpec, "name" | "formerly">): string[] {
  return [name, ...formerly];
}
