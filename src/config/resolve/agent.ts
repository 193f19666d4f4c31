import { posix } from "node:path";
import type { ChangePolicy, Lifecycle } from "../../model/deadman.ts";
import type { AgentSpec, TenantSpec } from "../fleet.ts";
import type { Keys } from "../problem.ts";
import { formerNames } from "../renames.ts";
import { isReserved } from "../reserved-names.ts";
import { didYouMean } from "../suggest.ts";
import type { RawAgent } from "../yaml-types.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Context, Resolver } from "./context.ts";
import { heartbeatOf } from "./heartbeat.ts";
import { limitsOf } from "./limits.ts";
import { maintenanceOf } from "./maintenance.ts";
import type { Known } from "./provider-choices.ts";
import { restartsOf } from "./restarts.ts";
import { runningOf } from "./runtime.ts";

const TTL = "1h";
const CHANGE_DEADLINE = "1h";

/**
 * Creates the resolver that fills in the defaults of agents.
 *
 * @param tenants the resolved tenants, which determine the user of an agent
 * @param known the providers, credentials and identities
 */
export function agentResolver(
  tenants: Readonly<Record<string, TenantSpec>>,
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
    const running = runningOf(raw, { home, identity }, known, keys, context);
    if (running === undefined) return undefined;
    const heartbeat = heartbeatOf(raw, running.runtime, keys, context);
    return {
      name,
      host: raw.host,
      tenant: raw.tenant,
      user: tenants[raw.tenant]?.isolation === "tenant" ? raw.tenant : name,
      home,
      identity,
      contacts: contactsOf(raw, context),
      routesTo: raw.routesTo ?? [],
      ...running,
      workdir: posix.resolve(home, raw.workdir ?? ""),
      replaces: raw.replaces ?? [],
      takeOver: takeOverOf(raw, keys, context),
      onRemove: raw.onRemove ?? "aside",
      formerly: formerNames(context.source, "agents", name),
      protect: raw.protect ?? tenants[raw.tenant]?.protect ?? false,
      watchdog: heartbeat.by === "notify" ? heartbeat.timeout : 0,
      lifecycle: lifecycleOf(raw, keys, context),
      onChange: onChangeOf(raw),
      heartbeat,
      restarts: restartsOf(raw.restarts),
      maintenance: maintenanceOf(raw, keys, context),
      limits: limitsOf(raw.limits),
      allow: raw.allow ?? [],
    };
  };
}

/**
 * Checks that the identity exists. References have been checked before, so only a default identity can be
 * missing.
 */
function hasIdentity(identity: string, agent: string, context: Context): boolean {
  const known = context.declared["identities"];
  if (known === undefined || known.has(identity)) return true;
  const sentence = `has no identity: declare identities.${agent}, or name another as \`identity\``;
  context.report.error(context.source, ["agents", agent], sentence + didYouMean(agent, known), "key");
  return false;
}

/** Returns and checks `takeOver`. `later` makes sense only if a service runs the agent in the meantime. */
function takeOverOf(raw: RawAgent, keys: Keys, { report, source }: Context): AgentSpec["takeOver"] {
  const isLater = raw.takeOver === "later";
  if (isLater && (raw.replaces ?? []).length === 0) {
    const sentence = "is `later`, but `replaces` names no service that runs the agent in the meantime";
    report.error(source, [...keys, "takeOver"], sentence);
  }
  if (isLater && raw.lifecycle === "ephemeral") {
    report.error(source, [...keys, "takeOver"], "is only for an agent that is always on");
  }
  return raw.takeOver ?? "now";
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
