import { mapValues } from "../../base/objects.ts";
import { FORMER_TYPES, wholeId } from "../../model/former-agent.ts";
import { itemName, partOf, WHOLE } from "../../model/parts.ts";
import { toWire } from "../../model/wire-items.ts";
import type { ObservationCache, ProviderContext } from "../context.ts";
import { PartialError } from "../wire/partial-error.ts";
import type { Properties, Value } from "../wire/values.ts";
import type { ActualState, Handler, HandlerCall } from "./handler.ts";
import { type WireItems, wireItems, withItems } from "./items/inputs.ts";

/**
 * The types that an agent had before it was one resource, by name. In a state with these, the Identity stands for the
 * whole agent and becomes its Agent by an alias. The others are reported as gone: the state drops them, and nothing
 * is removed from any host, even where they are protected.
 */
export function formerAgentHandlers({ looks }: ProviderContext, agent: Handler): Record<string, Handler> {
  const { identity, ...others } = FORMER_TYPES;
  const forgotten: Handler = { ...agent, read: async () => undefined, delete: async () => undefined };
  return {
    ...Object.fromEntries(Object.values(others).map((type) => [type, forgotten])),
    [identity]: {
      ...agent,
      read: async (call, id, recorded) => {
        const of = asAgent(call);
        const former = recorded.inputs["resource"] ?? id;
        try {
          const actual = await agent.read(of, id, await wholeOf(looks, of, recorded));
          return actual && named(actual, former);
        } catch (error) {
          if (!(error instanceof PartialError)) throw error;
          throw new PartialError({ id, ...named(error, former), reasons: error.reasons });
        }
      },
      delete: (call, state) => agent.delete(asAgent(call), whole(state, {})),
    },
  };
}

/** Under its former id, so that the next `up` has an update to make, which merges the records on the host. */
function named({ inputs, state }: ActualState, resource: Value): ActualState {
  return { inputs: { ...inputs, resource }, state: { ...state, resource } };
}

function asAgent({ urn, log }: HandlerCall): HandlerCall {
  return { urn: { ...urn, name: wholeId(urn.name), type: "Agent" }, log };
}

/** The recorded identity of an agent, with the other parts from its host, if the host can be asked. */
async function wholeOf(
  looks: ObservationCache,
  { urn }: HandlerCall,
  { inputs, state }: ActualState,
): Promise<ActualState> {
  const look = await looks.at(`${inputs["host"]}`, urn.owner).catch(() => undefined);
  const onHost = mapValues(look?.resources[urn.name]?.items ?? {}, (item) => toWire(item));
  return { inputs: whole(inputs, onHost), state: whole(state, onHost) };
}

/** Turns an Identity's properties into those of an Agent. */
function whole(identity: Properties, onHost: WireItems): Properties {
  const { [WHOLE]: _, ...rest } = identity;
  const own = Object.entries(wireItems(identity)).map(([name, item]) => {
    // After a saved refresh the state has the parts already.
    return [partOf(name) === undefined ? itemName("identity", name) : name, item] as const;
  });
  const resource = wholeId(`${identity["resource"]}`);
  return withItems({ ...rest, resource }, { ...onHost, ...Object.fromEntries(own) });
}
