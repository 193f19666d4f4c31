import type { AgentSpec, Fleet, HostSpec } from "../spec/fleet.ts";

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
  const hosts = Object.values(fleet.hosts).filter(({ name }) => name === (host ?? chosen?.host ?? name));
  const names = hosts.flatMap((spec) => (chosen ? namesFor(spec, chosen) : namesOn(spec)));
  return names.map((name) => `urn:pulumi:${stack}::${project}::muster:index:*::${name}`);
}

/** The host itself and all that is on it, under its names of today and before. */
function namesOn(host: HostSpec): string[] {
  return namesOf(host).flatMap((name) => [name, `${name}/**`]);
}

function namesFor(host: HostSpec, agent: AgentSpec): string[] {
  return namesOf(host).flatMap((name) => namesOf(agent).map((one) => `${name}/${one}/**`));
}

function namesOf({ name, formerly }: Pick<HostSpec, "name" | "formerly">): string[] {
  return [name, ...formerly];
}
