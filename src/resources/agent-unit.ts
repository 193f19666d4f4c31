import { join } from "node:path";
import type { Policy } from "../model/deadman.ts";
import type { Items, ProgramItem, UnitItem } from "../model/items.ts";
import { policyFile, UNIT_DIR } from "../model/layout.ts";
import { isLimited } from "../model/limits.ts";
import type { AgentSpec } from "../spec/fleet.ts";
import type { ResourceDefinition } from "./definition.ts";
import { agentId, unitName } from "./ids.ts";
import { readAtStart } from "./notify.ts";
import { ofAgents } from "./of-agents.ts";
import { unitText } from "./unit-text.ts";

/** What keeps an agent running: its systemd unit, mostly enabled at boot and running now, and what the deadman goes by. */
export const agentUnit: ResourceDefinition = {
  type: "AgentUnit",
  declare: (fleet, compiler) =>
    ofAgents(fleet, "AgentUnit", "unit", (agent) => ({
      needs: [
        agentId(agent, "identity"),
        agentId(agent, "contacts"),
        ...(agent.credentials.length > 0 ? [agentId(agent, "credentials")] : []),
      ],
      items: {
        program: programOf(agent),
        "unit file": {
          kind: "file",
          path: join(UNIT_DIR, unitName(agent)),
          ...readAtStart(agent),
          want: {
            type: "file",
            content: compiler.keep(unitText(fleet, agent)),
            owner: "root",
            group: "root",
            mode: "0644",
          },
        },
        "deadman's policy": {
          kind: "file",
          path: policyFile(agent.name),
          want: {
            type: "file",
            content: compiler.keep(policyText(agent)),
            owner: "root",
            group: "root",
            mode: "0600",
          },
        },
        ...formerUnits(agent),
        unit: { kind: "unit", name: unitName(agent), want: wantOf(agent) },
        ...(isLimited(agent.limits)
          ? { limits: { kind: "limits", name: unitName(agent), want: agent.limits } }
          : {}),
      },
    })),
};

/** Whether one that is not always on runs just now is no matter of declaration. */
function wantOf({ lifecycle }: AgentSpec): UnitItem["want"] {
  return lifecycle.kind === "core"
    ? { enabled: "enabled", active: "running", overrides: "none" }
    : { enabled: "disabled", overrides: "none" };
}

/** What ran it before is down before its own unit is started. */
function formerUnits({ replaces, user }: AgentSpec): Items {
  const want = { enabled: "disabled", active: "stopped" } as const;
  return Object.fromEntries(replaces.map((name) => [`former ${name}`, { kind: "unit", name, user, want }]));
}

/** It goes before the unit: what cannot start is not started. */
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

function policyText(agent: AgentSpec): string {
  const { heartbeat, restarts, maintenance, lifecycle } = agent;
  const ttl = lifecycle.kind === "ephemeral" ? { ttl: lifecycle.ttl } : {};
  const policy: Policy = { heartbeat, restarts, maintenance, ...ttl };
  return `${JSON.stringify(policy, null, 2)}\n`;
}
