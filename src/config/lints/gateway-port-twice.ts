import type { AgentSpec, Fleet } from "../fleet.ts";
import type { Lint } from "./lint.ts";

const CONFIG = ".openclaw/openclaw.json";

/** Refuses two agents on a host if their gateways would get the same port. The port depends on the agent's name. */
export const gatewayPortTwice: Lint = (fleet) => {
  const taken = new Map<string, string>();
  return Object.values(fleet.agents).flatMap((agent) => {
    const port = portOf(fleet, agent);
    if (port === undefined) return [];
    const other = taken.get(`${agent.host} ${port}`);
    taken.set(`${agent.host} ${port}`, agent.name);
    if (other === undefined) return [];
    const sentence = `would get port ${port}, which ${other} has on ${agent.host}: declare gateway.port in ${CONFIG} of one identity`;
    return [{ keys: ["agents", agent.name], sentence }];
  });
};

/** Returns the port that Muster gives to an agent's gateway; undefined if the identity declares a port. */
function portOf({ identities }: Fleet, { identity, settings }: AgentSpec): string | undefined {
  const own = identities[identity]?.files[CONFIG]?.text ?? "";
  return /"port"/.test(own) ? undefined : /"port": (\d+)/.exec(settings.defaults[CONFIG] ?? "")?.[1];
}
