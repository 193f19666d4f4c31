import type { AgentSpec } from "../fleet.ts";
import { type Held, heldCredentials } from "./holders.ts";
import type { Lint, Remark } from "./lint.ts";

/** A secret that two agents hold stops both when it expires; that must be meant, with a reason. */
export const sharedSecret: Lint = (fleet) => {
  const groups = Map.groupBy(heldCredentials(fleet), ({ credential }) => credential.from);
  return [...groups.values()].flatMap(remarksOnGroup);
};

function remarksOnGroup(group: readonly Held[]): Remark[] {
  const agents = [...new Set(group.flatMap((held) => held.readableBy))];
  if (agents.length < 2) return [];
  return group
    .filter((held) => held.credential.sharedBecause === undefined)
    .map((held) => ({
      keys: ["credentials", held.credential.name],
      sentence: `${sharing(group, held)} ${listOf(agents)}: give each its own, or say why in \`sharedBecause\``,
    }));
}

function sharing(group: readonly Held[], held: Held): string {
  const others = group.filter((other) => other !== held).map((other) => `"${other.credential.name}"`);
  return others.length === 0
    ? "is held by agents"
    : `is the same secret as ${others.join(", ")}, held by agents`;
}

function listOf(agents: readonly AgentSpec[]): string {
  return agents.map((agent) => agent.name).join(", ");
}
