import { InvalidError } from "../../../base/errors.ts";
import type { ProviderContext } from "../../../provider/context.ts";
import type { Handler, HandlerCall, PropertyDiffs } from "../../../provider/handlers/handler.ts";
import { removalSentences } from "../../../provider/notices/removals.ts";
import { type Properties, UNKNOWN } from "../../../provider/wire/values.ts";
import { DROPLET_MACHINE } from "../machine-resources.ts";
import { hostKeyForCommands } from "./host-key-for-commands.ts";
import type { Droplets, RecordedDroplet } from "./inventory-droplets.ts";

/**
 * Returns the handler of the DropletHost resource. The handler waits until a droplet accepts Muster's login, pins the
 * host keys of the droplet, and writes the inventory. The vendor's provider manages the droplet itself. The inputs are
 * `{host, machine, address, replace?}`. `machine` and `address` are unknown until the droplet exists. The state also
 * contains one of the host keys.
 */
export function dropletHostHandler(context: ProviderContext, droplets: Droplets): Handler {
  return {
    id: hostOf,
    check: (_call, news) => ({ inputs: news, failures: [] }),
    diff,
    preview: async ({ log }, news) => {
      if (news["address"] === UNKNOWN) {
        await log(
          "info",
          `${hostOf(news)} gets its address from DigitalOcean during \`up\`, which then pins its host key`,
        );
      }
    },
    create: (call, news) => contact(context, droplets, call, news),
    read: async (call, _id, recorded) => {
      context.engineState.note({ urn: call.urn, inputs: recorded.inputs });
      if (context.isDestroy) await reportDestroy(context, call, recorded.inputs);
      const host = hostOf(recorded.inputs);
      const known = droplets.find(host);
      if (known === undefined) return undefined;
      const state = stateOf(host, known);
      const { protect } = recorded.inputs;
      const { hostKey: _, ...inputs } = state;
      return { inputs: { ...inputs, ...(protect !== undefined && { protect }) }, state };
    },
    update: async (call, news, state) => {
      if (hostOf(state) !== hostOf(news)) droplets.rename(hostOf(state), hostOf(news));
      return contact(context, droplets, call, news);
    },
    delete: async (_call, state) => {
      droplets.forget(hostOf(state));
      forgetCached(context, hostOf(state));
    },
  };
}

async function contact(
  context: ProviderContext,
  droplets: Droplets,
  { log }: HandlerCall,
  news: Properties,
): Promise<Properties> {
  const host = hostOf(news);
  const droplet = {
    machine: `${news["machine"]}`,
    address: `${news["address"]}`,
    ...(news["replace"] !== undefined && { replace: `${news["replace"]}` }),
  };
  const hostKeys = await droplets.contact(host, droplet, (line) => void log("info", line));
  forgetCached(context, host);
  return stateOf(host, { ...droplet, hostKeys });
}

/**
 * Removes the connection and the observation of a host from the caches, because both are out of date after a change.
 */
function forgetCached({ hosts, observations }: ProviderContext, host: string): void {
  hosts.reset(host);
  observations.forget(host);
}

function stateOf(host: string, { machine, address, replace, hostKeys }: RecordedDroplet): Properties {
  const hostKey = hostKeyForCommands(hostKeys) ?? hostKeys[0] ?? "";
  return { host, machine, address, hostKey, ...(replace !== undefined && { replace }) };
}

function diff(_call: HandlerCall, state: Properties, news: Properties): PropertyDiffs {
  const differing = ["host", "machine", "address", "replace"].filter((key) => state[key] !== news[key]);
  return Object.fromEntries(differing.map((key) => [key, { kind: "update" }]));
}

/**
 * Warns about everything that `destroy` deletes together with a droplet, such as the agents in the host's
 * records.
 */
async function reportDestroy(
  { observations }: ProviderContext,
  { urn, log }: HandlerCall,
  inputs: Properties,
): Promise<void> {
  const host = hostOf(inputs);
  const observation = await observations.at(host, urn.owner).catch(() => undefined);
  const isProtected = inputs["protect"] === true;
  const text = DROPLET_MACHINE.removalText(inputs);
  const machine = { name: host, host, items: [], isProtected, why: "", machine: text };
  const others = Object.keys(observation?.resources ?? {}).map((name) => ({ ...machine, name }));
  for (const sentence of removalSentences([machine, ...others], "destroy")) await log("warning", sentence);
}

function hostOf(properties: Properties): string {
  const { host } = properties;
  if (typeof host === "string") return host;
  const why = "`host` is missing.";
  throw new InvalidError({
    what: "the inputs of a droplet host are invalid",
    why,
    next: "Run `npx pulumi up`.",
  });
}
