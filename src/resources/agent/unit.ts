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

/**
 * What keeps an agent running: its systemd unit, in most cases enabled and running, and the deadman's policy for it.
 */
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

/** An agent that does not always run may be stopped or running: neither is drift. */
function wantOf({ lifecycle, takeOver }: AgentSpec): UnitItem["want"] {
  return lifecycle.kind === "core" && takeOver === "now"
    ? { enabled: "enabled", active: "running", overrides: "none" }
    : { enabled: "disabled", overrides: "none" };
}

/** The units that ran the agent before: stopped before its own unit starts, or still running it. */
function formerUnits({ replaces, user, takeOver }: AgentSpec): Items {
  const down = { enabled: "disabled", active: "stopped" } as const;
  const want = takeOver === "now" ? down : ({ active: "running" } as const);
  return Object.fromEntries(replaces.map((name) => [`former ${name}`, { kind: "unit", name, user, want }]));
}

/** It comes before the unit, because a unit whose program is missing is not started. */
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
 * A drop-in for each provider except the first. `up` writes all of them, so that the deadman only has to choose one.
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

/** The model is an item of its own, so that drift names it, whichever line of the unit was changed. */
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

/** The deadman only watches units that Muster started. */
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
