import { mapValues } from "../../base/objects.ts";
import { itemName, NO_PART, partOf } from "../../model/agent-parts.ts";
import { currentId, FORMER_TYPES } from "../../model/legacy-agent-parts.ts";
import { toWire } from "../../model/pulumi-items.ts";
import type { ObservationCache, ProviderContext } from "../context.ts";
import { PartialError } from "../wire/partial-error.ts";
import type { Properties, Value } from "../wire/values.ts";
import type { ActualState, Handler, HandlerCall } from "./handler.ts";
import { type WireItems, wireItems, withItems } from "./items/inputs.ts";

/**
 * Handles the former resource types. In earlier versions, an agent consisted of several resources with these types. In
 * a state with these types, the Identity represents the agent and becomes the Agent resource through an alias. The
 * other resources are reported as deleted. The engine therefore drops these resources from the state, even if they are
 * protected, and removes nothing from any host.
 */
export function formerAgentHandlers(
  { observations }: ProviderContext,
  agent: Handler,
): Record<string, Handler> {
  const { identity, ...others } = FORMER_TYPES;
  const forgotten: Handler = { ...agent, read: async () => undefined, delete: async () => undefined };
  return {
    ...Object.fromEntries(Object.values(others).map((type) => [type, forgotten])),
    [identity]: {
      ...agent,
      read: async (call, id, recorded) => {
        const agentCall = asAgent(call);
        const former = recorded.inputs["resource"] ?? id;
        try {
          const actual = await agent.read(
            agentCall,
            id,
            await withHostParts(observations, agentCall, recorded),
          );
          return actual && named(actual, former);
        } catch (error) {
          if (!(error instanceof PartialError)) throw error;
          throw new PartialError({ id, ...named(error, former), reasons: error.reasons });
        }
      },
      delete: (call, state) => agent.delete(asAgent(call), asAgentProperties(state, {})),
    },
  };
}

/** Adds the former id to the properties, so that the next `up` updates the resource and merges the host's records. */
function named({ inputs, state }: ActualState, resource: Value): ActualState {
  return { inputs: { ...inputs, resource }, state: { ...state, resource } };
}

function asAgent({ urn, log }: HandlerCall): HandlerCall {
  return { urn: { ...urn, name: currentId(urn.name), type: "Agent" }, log };
}

/**
 * Returns an agent's recorded identity together with the agent's other parts. Reads these parts from the host if the
 * host is reachable.
 */
async function withHostParts(
  observations: ObservationCache,
  { urn }: HandlerCall,
  { inputs, state }: ActualState,
): Promise<ActualState> {
  const observed = await observations.at(`${inputs["host"]}`, urn.owner).catch(() => undefined);
  const onHost = mapValues(observed?.resources[urn.name]?.items ?? {}, (item) => toWire(item));
  return { inputs: asAgentProperties(inputs, onHost), state: asAgentProperties(state, onHost) };
}

/** Turns the properties of an Identity into the properties of an Agent. */
function asAgentProperties(identity: Properties, onHost: WireItems): Properties {
  const { [NO_PART]: _, ...rest } = identity;
  const own = Object.entries(wireItems(identity)).map(([name, item]) => {
    // After an earlier saved refresh, the state already contains the parts.
    return [partOf(name) === undefined ? itemName("identity", name) : name, item] as const;
  });
  const resource = currentId(`${identity["resource"]}`);
  return withItems({ ...rest, resource }, { ...onHost, ...Object.fromEntries(own) });
}
