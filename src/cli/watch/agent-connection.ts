import { InvalidError } from "../../base/errors.ts";
import type { AgentSpec, Fleet } from "../../config/fleet.ts";
import { runningUnit } from "../../resources/unit-names.ts";
import type { HostController } from "../../transport/connect.ts";
import { withController } from "../connections.ts";
import { openFleet } from "../open-fleet.ts";
import { assertDeclared } from "../selection.ts";
import { settingsOf } from "../stack/settings.ts";

/** A declared agent that Muster runs, and the fleet that declares it. */
export interface FoundAgent {
  readonly fleet: Fleet;
  readonly agent: AgentSpec;
}

/**
 * Finds an agent in fleet.yaml.
 *
 * @throws InvalidError if the agent is not declared, or does not run in Muster's own unit yet
 */
export function findAgent(name: string): FoundAgent {
  const fleet = openFleet();
  assertDeclared("agent", name, fleet.agents);
  const agent = fleet.agents[name] as AgentSpec;
  if (agent.takeOver !== "later") return { fleet, agent };
  throw new InvalidError({
    what: `${name} cannot be reached`,
    why: `it still runs in ${runningUnit(agent)}, which is not Muster's unit.`,
    next: "Remove `takeOver: later` and run `npx pulumi up`.",
  });
}

/** Connects to the host of an agent. @param stack the value of `--stack` */
export function withAgentHost<T>(
  { fleet, agent }: FoundAgent,
  stack: unknown,
  use: (controller: HostController) => Promise<T>,
): Promise<T> {
  return withController(fleet, settingsOf(fleet, stack), async (open) => use(await open(agent.host)));
}
