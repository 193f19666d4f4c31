import type { AgentSpec, CredentialSpec, Fleet, ProviderSpec } from "../../config/fleet.ts";
import { hostKindOf } from "../../host-kinds/registry.ts";

/** The kinds of resources whose failure can stop agents. */
export const FAILURE_KINDS = ["credential", "account", "provider", "region", "host", "network"] as const;

export type FailureKind = (typeof FAILURE_KINDS)[number];

/** A resource on which agents depend and that can fail. */
export interface FailurePoint {
  readonly kind: FailureKind;
  readonly name: string;
  /** The names of the agents that stop when it fails. */
  readonly agents: readonly string[];
  /** The declared reason why a credential is shared; absent if no reason is declared. */
  readonly sharedBecause?: string;
}

/** The dependencies of an agent while it uses one of its providers. Each provider is one way to run. */
type Needs = ReadonlySet<string>;

/**
 * Returns everything that stops at least one agent when it fails. What stops the most agents comes first. An agent with
 * several providers stops only if all its ways to run depend on what has failed. This is a pure function of fleet.yaml,
 * and contacts no host.
 *
 * @param agents the agents to consider
 */
export function failurePoints(fleet: Fleet, agents: readonly AgentSpec[]): FailurePoint[] {
  const stopped = new Map<string, string[]>();
  for (const agent of agents) {
    for (const need of neededAlways(waysToRun(fleet, agent)))
      stopped.set(need, [...(stopped.get(need) ?? []), agent.name]);
  }
  const points = [...stopped].map(([need, names]): FailurePoint => {
    const { kind, name } = parseNeed(need);
    const reason = kind === "credential" ? reasonFor(fleet, name) : undefined;
    return { kind, name, agents: names, ...(reason !== undefined && { sharedBecause: reason }) };
  });
  return points.sort(
    (a, b) =>
      b.agents.length - a.agents.length ||
      FAILURE_KINDS.indexOf(a.kind) - FAILURE_KINDS.indexOf(b.kind) ||
      (a.name < b.name ? -1 : 1),
  );
}

function needText(kind: FailureKind, name: string): string {
  return `${kind} ${name}`;
}

function parseNeed(need: string): { kind: FailureKind; name: string } {
  const cut = need.indexOf(" ");
  return { kind: need.slice(0, cut) as FailureKind, name: need.slice(cut + 1) };
}

/** Returns the dependencies that all ways to run have in common. */
function neededAlways(ways: readonly Needs[]): string[] {
  const [first = new Set<string>(), ...others] = ways;
  return [...first].filter((need) => others.every((way) => way.has(need)));
}

function waysToRun(fleet: Fleet, agent: AgentSpec): Needs[] {
  const place = placeOf(fleet, agent);
  const way = (credentials: readonly string[], providers: readonly ProviderSpec[]): Needs =>
    new Set([
      ...place,
      ...credentials.map((name) => needText("credential", secretName(fleet, name))),
      ...providers.flatMap(providerNeeds),
    ]);
  const { failover, fallbacks = [], model } = agent;
  if (failover !== undefined)
    return failover.choices.map(({ credentials, provider }) =>
      way(credentials, fleet.providers[provider] === undefined ? [] : [fleet.providers[provider]]),
    );
  const held = agent.credentials.flatMap((name) => fleet.credentials[name] ?? []);
  if (fallbacks.length === 0) return [way(agent.credentials, usedProviders(fleet, held, model.provider))];
  // The runtime itself tries these providers. The runtime uses a credential only for the provider of this credential.
  return [model, ...fallbacks].map(({ provider: vendor }) => {
    const own = held.filter(
      ({ provider }) => provider === undefined || fleet.providers[provider]?.vendor === vendor,
    );
    return way(
      own.map(({ name }) => name),
      usedProviders(fleet, own, vendor),
    );
  });
}

/** Returns the providers of credentials or, if the credentials name none, the only provider of the vendor. */
function usedProviders(
  { providers }: Fleet,
  credentials: readonly CredentialSpec[],
  vendor: string | undefined,
): ProviderSpec[] {
  const named = credentials.flatMap(({ provider }) =>
    provider === undefined ? [] : (providers[provider] ?? []),
  );
  if (named.length > 0) return named;
  const ofVendor = Object.values(providers).filter((one) => one.vendor === vendor);
  return ofVendor.length === 1 ? ofVendor : [];
}

function providerNeeds({ name, vendor, account, region }: ProviderSpec): string[] {
  return [
    needText("provider", name),
    ...(account === undefined ? [] : [needText("account", `${vendor} ${account}`)]),
    ...(region === undefined ? [] : [needText("region", `${vendor} ${region}`)]),
  ];
}

function placeOf(fleet: Fleet, { host }: AgentSpec): string[] {
  const spec = fleet.hosts[host];
  const { region, network } = (spec && hostKindOf(spec).sharedWith?.(spec)) ?? {};
  return [
    needText("host", host),
    ...(region === undefined ? [] : [needText("region", region)]),
    ...(network === undefined ? [] : [needText("network", network)]),
  ];
}

/** Returns the names of all credentials with the same secret as one text, because these credentials fail together. */
function secretName({ credentials }: Fleet, name: string): string {
  const from = credentials[name]?.from;
  const same = Object.values(credentials).filter((one) => from !== undefined && one.from === from);
  return same.length === 0 ? name : same.map((one) => one.name).join(", ");
}

function reasonFor({ credentials }: Fleet, names: string): string | undefined {
  return names
    .split(", ")
    .map((name) => credentials[name]?.sharedBecause)
    .find((reason) => reason !== undefined);
}
