import { settingsKeys } from "../../settings/merge.ts";
import { valueAt } from "../../settings/values.ts";
import type { AgentSpec, Fleet } from "../fleet.ts";
import type { Lint } from "./lint.ts";

const CONFIG = ".openclaw/openclaw.json";

/** Refuses two agents on a host whose gateways have the same port. Muster itself chooses different ports. */
export const gatewayPortTwice: Lint = (fleet) => {
  const taken = new Map<string, string>();
  return Object.values(fleet.agents).flatMap((agent) => {
    const port = portOf(fleet, agent);
    if (port === undefined) return [];
    const other = taken.get(`${agent.host} ${port}`);
    taken.set(`${agent.host} ${port}`, agent.name);
    if (other === undefined) return [];
    const sentence = `has the port ${port} for its gateway, which ${other} also has on ${agent.host}: declare another gateway.port in ${CONFIG} of identities.${agent.identity}, or remove the key`;
    return [{ keys: ["agents", agent.name], sentence }];
  });
};

/** Returns the port of an agent's gateway: the port in its identity, or the port that Muster has chosen. */
function portOf({ identities }: Fleet, { identity, settings }: AgentSpec): unknown {
  const texts = [identities[identity]?.files[CONFIG]?.text, settings.defaults[CONFIG]];
  if (texts[1] === undefined) return undefined;
  return texts
    .map((text = "") => valueAt(settingsKeys(CONFIG, text), ["gateway", "port"]))
    .find((port) => port !== undefined);
}
