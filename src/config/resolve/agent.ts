import { posix } from "node:path";
import type { ChangePolicy, Heartbeat, Lifecycle } from "../../model/deadman.ts";
import type { Surroundings } from "../../runtimes/runtime.ts";
import type { AgentSpec, RightsSpec, RuntimeSpec, TenantSpec } from "../fleet.ts";
import type { RawAgent } from "../fleet-yaml-types.ts";
import { inHome } from "../home-path.ts";
import type { Keys } from "../problem.ts";
import { formerNames } from "../renames.ts";
import { isReserved } from "../reserved-names.ts";
import { didYouMean } from "../suggest.ts";
import { asMap, secondsOf } from "../yaml-values.ts";
import { adoptionOf } from "./adoption.ts";
import type { Context, Resolver } from "./context.ts";
import { gatesOf } from "./gates.ts";
import { heartbeatOf } from "./heartbeat.ts";
import { limitsOf } from "./limits.ts";
import { maintenanceOf } from "./maintenance.ts";
import type { Known } from "./provider-choices.ts";
import { repositoryOf } from "./repository.ts";
import { restartsOf } from "./restarts.ts";
import { runningOf, runtimeWritten } from "./runtime.ts";

const TTL = "1h";
const CHANGE_DEADLINE = "1h";

/**
 * Creates the resolver that fills in the defaults of agents.
 *
 * @param tenants the resolved tenants, which determine the user of an agent
 * @param runtimes the pinned versions of runtimes
 * @param known the resolved providers, credentials and identities
 */
export function agentResolver(
  tenants: Readonly<Record<string, TenantSpec>>,
  runtimes: Readonly<Record<string, RuntimeSpec>>,
  known: Known,
): Resolver<RawAgent, AgentSpec> {
  return (name, raw, keys, context) => {
    if (isReserved(name)) {
      context.report.error(context.source, keys, "is the name of a system user: choose another name", "key");
      return undefined;
    }
    const identity = raw.identity ?? name;
    if (!hasIdentity(identity, name, context)) return undefined;
    const home = `/home/${name}`;
    const workdir = posix.resolve(home, inHome(home, raw.workdir ?? ""));
    const { kind } = runtimeWritten(raw);
    const heartbeat = heartbeatOf(raw, kind, keys, context);
    const place = { name, home, workdir, identity, ...around(name, raw, heartbeat, context) };
    const running = runningOf(raw, place, runtimes, known, keys, context);
    if (running === undefined) return undefined;
    const user = tenants[raw.tenant]?.isolation === "tenant" ? raw.tenant : name;
    return {
      name,
      host: raw.host,
      tenant: raw.tenant,
      user,
      home,
      identity,
      contacts: contactsOf(raw, context),
      routesTo: raw.routesTo ?? [],
      ...(raw.queue && { queue: raw.queue }),
      ...running,
      workdir,
      ...repositoryOf(raw, { name, home, workdir }, keys, context),
      ...adoptionOf(raw, { user, home }, keys, context),
      onRemove: raw.onRemove ?? "aside",
      formerly: formerNames(context.source, "agents", name),
      protect: raw.protect ?? tenants[raw.tenant]?.protect ?? false,
      watchdog: heartbeat.by === "notify" ? heartbeat.timeout : 0,
      lifecycle: lifecycleOf(raw, keys, context),
      onChange: onChangeOf(raw),
      onIdentityChange: raw.onIdentityChange ?? "fresh",
      heartbeat,
      restarts: restartsOf(raw.restarts),
      maintenance: maintenanceOf(raw, keys, context),
      ...gatesOf(raw, running.credentials, known, context),
      limits: limitsOf(raw.limits),
      groups: raw.groups ?? [],
      rights: rightsOf(raw),
      allow: raw.allow ?? [],
    };
  };
}

/** Returns what the settings of a runtime need to know about the other agents and about the heartbeat. */
function around(
  name: string,
  raw: RawAgent,
  { interval }: Heartbeat,
  { source }: Context,
): Pick<Surroundings, "neighbours" | "beatSeconds"> {
  const agents = Object.entries(asMap(asMap(source.value)["agents"])) as [string, RawAgent][];
  const { kind } = runtimeWritten(raw);
  const neighbours = agents.filter(
    ([other, one]) => other !== name && one?.host === raw.host && kindWritten(one) === kind,
  );
  return {
    neighbours: neighbours.map(([other]) => other),
    ...(raw.heartbeat?.by === "runtime" && { beatSeconds: interval }),
  };
}

/** Returns the kind of runtime of an agent whose declaration may be invalid. */
function kindWritten({ runtime }: RawAgent): unknown {
  return typeof runtime === "string" ? runtime : runtime?.kind;
}

/**
 * Checks that the identity exists. Declared references have been checked before, so only an identity that an agent uses
 * by default can still be missing.
 */
function hasIdentity(identity: string, agent: string, context: Context): boolean {
  const known = context.declared["identities"];
  if (known === undefined || known.has(identity)) return true;
  const sentence = `has no identity: declare identities.${agent}, or name another identity in \`identity\``;
  context.report.error(context.source, ["agents", agent], sentence + didYouMean(agent, known), "key");
  return false;
}

function rightsOf({ rights }: RawAgent): RightsSpec {
  const { sudo = [], keys = [], linger = false, files = [] } = rights ?? {};
  return { sudo: sudo.map((line) => line.trim().replaceAll(/\s+/g, " ")), keys, linger, files };
}

function contactsOf(raw: RawAgent, context: Context): readonly string[] {
  if (Array.isArray(raw.contacts)) return raw.contacts;
  return [...(context.declared["contacts"] ?? [])];
}

function lifecycleOf({ lifecycle, ttl }: RawAgent, keys: Keys, { report, source }: Context): Lifecycle {
  if (lifecycle === "ephemeral") return { kind: "ephemeral", ttl: secondsOf(ttl ?? TTL) };
  if (ttl !== undefined) {
    const sentence = "is only for `lifecycle: ephemeral`: a core agent is always on";
    report.error(source, [...keys, "ttl"], sentence, "key");
  }
  return { kind: "core" };
}

function onChangeOf({ onChange = "when-idle" }: RawAgent): ChangePolicy {
  const { restart, deadline = CHANGE_DEADLINE } =
    typeof onChange === "string" ? { restart: onChange } : onChange;
  return { restart, deadline: secondsOf(deadline) };
}
