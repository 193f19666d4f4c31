import { agentOfUnit, turnUnit } from "../../model/host-paths.ts";
import type { Host } from "../context.ts";
import { showProperties } from "./systemctl.ts";

/** Returns the units of agents that wait for their turn to start. */
export function waitingForTurn(host: Host, units: readonly string[]): ReadonlySet<string> {
  const agents = units.flatMap((unit) => agentOfUnit(unit) ?? []);
  if (agents.length === 0) return new Set();
  const states = showProperties(host, agents.map(turnUnit), ["ActiveState"]);
  const waiting = new Set(agents.filter((_, i) => states[i]?.["ActiveState"] === "activating"));
  return new Set(units.filter((unit) => waiting.has(agentOfUnit(unit) ?? "")));
}
