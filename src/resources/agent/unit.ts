import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import type { ScreenForm } from "../../model/conversation.ts";
import type { Policy } from "../../model/deadman.ts";
import { formerLabel } from "../../model/former-unit.ts";
import { choiceFile, policyFile } from "../../model/host-paths.ts";
import { installationName } from "../../model/installation.ts";
import type { Items, ProgramItem, UnitItem } from "../../model/items.ts";
import { isLimited } from "../../model/unit-limits.ts";
import { runtimeOf } from "../../runtimes/registry.ts";
import type { Compiler } from "../definition.ts";
import { programView } from "../hardening.ts";
import { rootFile, unitFile } from "../root-files.ts";
import { unitName } from "../unit-names.ts";
import { choiceText, unitText } from "../unit-text.ts";
import type { AgentPartDefinition } from "./part.ts";
import { readAtStart } from "./read-at-start.ts";

/**
 * An agent's systemd unit with its files, the former units of the agent, and the deadman's policy for the
 * agent.
 */
export const unitPart: AgentPartDefinition = {
  part: "unit",
  build: (fleet, compiler) => (agent) => ({
    program: programOf(fleet, agent),
    "unit file": {
      ...unitFile(unitName(agent), compiler.keep(unitText(fleet, agent))),
      ...readAtStart(agent),
    },
    ...policyOf(agent, compiler),
    ...choices(fleet, agent, compiler),
    ...formerUnits(agent),
    ...copiesOf(agent),
    unit: { kind: "unit", name: unitName(agent), want: wantOf(agent) },
    ...modelOf(agent),
    ...runningOf(fleet, agent),
    ...(isLimited(agent.limits)
      ? { limits: { kind: "limits", name: unitName(agent), want: agent.limits } }
      : {}),
  }),
};

/**
 * Returns the wanted state of the unit. The unit of an ephemeral agent can be stopped or running, and neither state is
 * drift.
 */
function wantOf({ lifecycle, takeOver }: AgentSpec): UnitItem["want"] {
  return lifecycle.kind === "core" && takeOver === "now"
    ? { enabled: "enabled", active: "running", overrides: "none" }
    : { enabled: "disabled", overrides: "none" };
}

/**
 * Returns the services and sessions that ran the agent before Muster managed it. These services and sessions are
 * stopped before the agent's own unit starts. With `takeOver: later`, they keep running.
 */
function formerUnits(agent: AgentSpec): Items {
  const { replaces, takeOver } = agent;
  const successor = unitName(agent);
  const down = { enabled: "disabled", active: "stopped" } as const;
  const want = takeOver === "now" ? down : ({ active: "running" } as const);
  return Object.fromEntries(
    replaces.map((former) => [
      `former ${formerLabel(former)}`,
      { kind: "unit", ...former, successor, want } as const,
    ]),
  );
}

/** Returns the data that the agent needs from the homes of its former users. */
function copiesOf({ name, copies, replaces, user, takeOver }: AgentSpec): Items {
  const owners = [...new Set(replaces.map((former) => former.user))].sort().join(" ");
  const want = { copied: takeOver === "now" ? "at take-over" : "at adoption" } as const;
  return Object.fromEntries(
    Object.entries(copies).map(([to, from]) => [
      `copy of ${from}`,
      { kind: "copy", to, from, actor: user, owners, unit: unitName({ name }), want } as const,
    ]),
  );
}

/**
 * Returns the check of the agent's program. The check runs before the unit is started. If the program is missing, the
 * unit is not started.
 */
function programOf(fleet: Fleet, agent: AgentSpec): ProgramItem {
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
    ...programView(fleet, agent, agent.command),
    actor: user,
    want: { found: true },
  };
}

/**
 * Returns a drop-in for each provider except the first. `up` writes all drop-ins, so that the deadman only has to
 * choose one drop-in.
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

/** Returns the model as a separate item. Drift therefore names the model, and not only the changed line of the unit. */
function modelOf(agent: AgentSpec): Items {
  const [, ...others] = agent.failover?.choices ?? [];
  if (Object.keys(agent.model).length === 0) return {};
  const { modelOption: option, sessions } = runtimeOf(agent.runtime);
  const known = Object.fromEntries(others.map(({ provider, model }) => [provider, model]));
  return {
    model: {
      kind: "model",
      unit: unitName(agent),
      ...(option !== undefined && agent.model.model !== undefined && { option }),
      ...(others.length > 0 && { others: JSON.stringify(known) }),
      ...(sessions && { sessions, user: agent.user, home: agent.home }),
      want: agent.model,
    },
  };
}

/**
 * Returns the version that the agent must run. Returns no items before the take-over, because a unit that Muster did
 * not write then runs the agent.
 */
function runningOf({ runtimes }: Fleet, agent: AgentSpec): Items {
  const spec = runtimes[agent.pinned ?? ""];
  if (spec === undefined || agent.takeOver === "later") return {};
  const { args = [], env = {} } = runtimeOf(agent.runtime).updaterOff ?? {};
  const off = [
    ...Object.entries(env).map((entry) => entry.join("=")),
    ...args.filter((word) => !word.startsWith("-")),
  ];
  return {
    runtime: {
      ...{ kind: "running", unit: unitName(agent), name: spec.name },
      ...(off.length > 0 && { off: off.join(" ") }),
      want: {
        running: installationName(spec.version, spec.integrity),
        ...(off.length > 0 && { updater: "off" }),
      },
    },
  };
}

/**
 * Returns the deadman's policy. Returns no policy before the take-over, because the deadman watches only Muster's
 * units.
 */
function policyOf(agent: AgentSpec, { keep }: Compiler): Items {
  if (agent.takeOver === "later") return {};
  return { "deadman's policy": rootFile(policyFile(agent.name), keep(policyText(agent)), "0600") };
}

function policyText(agent: AgentSpec): string {
  const { heartbeat, restarts, maintenance, lifecycle } = agent;
  const ttl = lifecycle.kind === "ephemeral" ? { ttl: lifecycle.ttl } : {};
  const { showsWork, conversation, failures } = runtimeOf(agent.runtime);
  const policy: Policy = {
    ...{ heartbeat, restarts, maintenance, ...ttl, ...failoverOf(agent) },
    ...(showsWork && { showsWork }),
    ...(conversation && { screen: screenOf(conversation) }),
    ...(failures && { failures }),
  };
  return `${JSON.stringify(policy, null, 2)}\n`;
}

function screenOf({ prompt, dialogs, busy }: ScreenForm): ScreenForm {
  return { prompt, dialogs, busy };
}

function failoverOf({ failover }: AgentSpec): Pick<Policy, "failover"> {
  if (failover === undefined) return {};
  const { choices, ...rules } = failover;
  return { failover: { providers: choices.map(({ provider }) => provider), ...rules } };
}
