import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import type { Policy } from "../../model/deadman.ts";
import { choiceFile, policyFile } from "../../model/host-paths.ts";
import type { Items, ProgramItem, UnitItem } from "../../model/items.ts";
import { isLimited } from "../../model/limits.ts";
import { runtimeOf } from "../../runtimes/registry.ts";
import type { Compiler } from "../definition.ts";
import { rootFile, unitFile } from "../root-files.ts";
import { unitName } from "../unit-names.ts";
import { choiceText, unitText } from "../unit-text.ts";
import type { AgentPartDefinition } from "./part.ts";
import { readAtStart } from "./read-at-start.ts";

/** An agent's systemd unit with its files, its former units, and the deadman's policy for it. */
export const unitPart: AgentPartDefinition = {
  part: "unit",
  build: (fleet, compiler) => (agent) => ({
    program: programOf(agent),
    "unit file": {
      ...unitFile(unitName(agent), compiler.keep(unitText(fleet, agent))),
      ...readAtStart(agent),
    },
    ...policyOf(agent, compiler),
    ...choices(fleet, agent, compiler),
    ...formerUnits(agent),
    unit: { kind: "unit", name: unitName(agent), want: wantOf(agent) },
    ...modelOf(agent),
    ...(isLimited(agent.limits)
      ? { limits: { kind: "limits", name: unitName(agent), want: agent.limits } }
      : {}),
  }),
};

/**
 * Returns the wanted state of the unit. An ephemeral agent can be stopped or running, and neither is drift.
 */
function wantOf({ lifecycle, takeOver }: AgentSpec): UnitItem["want"] {
  return lifecycle.kind === "core" && takeOver === "now"
    ? { enabled: "enabled", active: "running", overrides: "none" }
    : { enabled: "disabled", overrides: "none" };
}

/**
 * Returns the units that ran the agent before Muster managed it. They are stopped before the agent's own unit
 * starts. If the take-over is later, they keep running.
 */
function formerUnits({ replaces, user, takeOver }: AgentSpec): Items {
  const down = { enabled: "disabled", active: "stopped" } as const;
  const want = takeOver === "now" ? down : ({ active: "running" } as const);
  return Object.fromEntries(replaces.map((name) => [`former ${name}`, { kind: "unit", name, user, want }]));
}

/**
 * Returns the check of the agent's program. The check comes before the unit, which is not started if the
 * program is missing.
 */
function programOf(agent: AgentSpec): ProgramItem {
  const {
    command: [name = ""],
    env,
    workdir,
    user,
  } = agent;
  return {
    kind: "program",
    unit: unitName(agent),
    name,
    search: env["PATH"] ?? "",
    workdir,
    actor: user,
    want: { found: true },
  };
}

/**
 * Returns a drop-in for each provider except the first. `up`
 * writes all of them, so that the deadman only has to choose.
 */
function choices(fleet: Fleet, agent: AgentSpec, compiler: Compiler): Items {
  const [, ...others] = agent.failover?.choices ?? [];
  const files = others.map((choice) => {
    const text = compiler.keep(choiceText(fleet, agent, choice));
    const file = rootFile(choiceFile(agent.name, choice.provider), text, "0644");
    return [`on ${choice.provider}`, { ...file, ...readAtStart(agent), choice: choice.provider }] as const;
  });
  return Object.fromEntries(files);
}

/**
 * Returns the model as a separate item, so that drift
 * names the model, whichever line of the unit has changed.
 */
function modelOf(agent: AgentSpec): Items {
  const [, ...others] = agent.failover?.choices ?? [];
  if (Object.keys(agent.model).length === 0) return {};
  const option = runtimeOf(agent.runtime).modelOption;
  const known = Object.fromEntries(others.map(({ provider, model }) => [provider, model]));
  return {
    model: {
      kind: "model",
      unit: unitName(agent),
      ...(option !== undefined && agent.model.model !== undefined && { option }),
      ...(others.length > 0 && { others: JSON.stringify(known) }),
      want: agent.model,
    },
  };
}

/**
 * Returns the deadman's policy. There is none before the
 * take-over, because the deadman only watches Muster's units.
 */
function policyOf(agent: AgentSpec, { keep }: Compiler): Items {
  if (agent.takeOver === "later") return {};
  return { "deadman's policy": rootFile(policyFile(agent.name), keep(policyText(agent)), "0600") };
}

function policyText(agent: AgentSpec): string {
  const { heartbeat, restarts, maintenance, lifecycle } = agent;
  const ttl = lifecycle.kind === "ephemeral" ? { ttl: lifecycle.ttl } : {};
  const policy: Policy = { heartbeat, restarts, maintenance, ...ttl, ...failoverOf(agent) };
  return `${JSON.stringify(policy, null, 2)}\n`;
}

function failoverOf({ failover }: AgentSpec): Pick<Policy, "failover"> {
  if (failover === undefined) return {};
  const { choices, ...rules } = failover;
  return { failover: { providers: choices.map(({ provider }) => provider), ...rules } };
}
