import { isDeepStrictEqual } from "node:util";
import type { ProviderContext } from "../../../provider/context.ts";
import type {
  Handler,
  HandlerCall,
  PropertyDiff,
  PropertyDiffs,
} from "../../../provider/handlers/handler.ts";
import { type Properties, UNKNOWN } from "../../../provider/wire/values.ts";
import { checkGiven, emptyValueError, givenMachine, hostIn, propertiesOf } from "./inputs.ts";
import type { Machines } from "./recorded-machines.ts";

const COMPARED = ["host", "address", "machine", "user", "port", "keys"];

/**
 * Returns the handler of the PulumiHost resource. The handler waits until a machine accepts Muster's login, pins the
 * host keys, and writes the inventory. Another resource of the program manages the machine itself. The inputs are
 * `{host, address, machine, user?, port?, keys?, protect?}`. In a preview, inputs can be unknown.
 */
export function pulumiHostHandler(context: ProviderContext, machines: Machines): Handler {
  const contact = async ({ log }: HandlerCall, news: Properties): Promise<Properties> => {
    const host = hostIn(news);
    await machines.contact(host, givenMachine(news), (line) => void log("info", line));
    // The connection and the observation of the former machine are out of date.
    context.hosts.reset(host);
    context.observations.forget(host);
    const { protect: _, ...state } = news;
    return state;
  };
  return {
    id: hostIn,
    check: (_call, news) => checkGiven(news),
    diff: (_call, state, news) => diff(state, news),
    preview: async ({ log }, news, state) => {
      const host = hostIn(news);
      if (state === undefined && news["address"] === UNKNOWN) {
        await log(
          "info",
          `${host}: its address is known after the first \`up\`, which also pins its host keys`,
        );
      }
      const empty = emptyValueError(news);
      if (empty !== undefined) await log("warning", empty.message);
      else if (state !== undefined && news["machine"] !== state["machine"])
        await log("warning", replaced(host));
    },
    create: contact,
    read: async (call, _id, { inputs: recorded }) => {
      context.engineState.note({ urn: call.urn, inputs: recorded });
      const host = hostIn(recorded);
      const known = machines.find(host);
      if (known === undefined) return undefined;
      const inputs = propertiesOf(host, known, recorded);
      const { protect: _, ...state } = inputs;
      return { inputs, state };
    },
    update: async (call, news, state) => {
      if (hostIn(state) !== hostIn(news)) machines.rename(hostIn(state), hostIn(news));
      return contact(call, news);
    },
    delete: async (_call, state) => {
      machines.forget(hostIn(state));
      context.hosts.reset(hostIn(state));
      context.observations.forget(hostIn(state));
    },
  };
}

function diff(state: Properties, news: Properties): PropertyDiffs {
  const differing = COMPARED.filter((key) => !isDeepStrictEqual(state[key], news[key]));
  return Object.fromEntries(
    differing.map((key): [string, PropertyDiff] => [key, { kind: kindOf(key in state, key in news) }]),
  );
}

function kindOf(was: boolean, is: boolean): PropertyDiff["kind"] {
  if (!was) return "add";
  return is ? "update" : "delete";
}

function replaced(host: string): string {
  return (
    `${host}: its machine is replaced. \`up\` installs everything on the new machine, where its agents start with new ` +
    "homes. Muster copies nothing from the old machine."
  );
}
