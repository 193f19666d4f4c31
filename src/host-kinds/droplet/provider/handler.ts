import { InvalidError } from "../../../base/errors.ts";
import type { ProviderContext } from "../../../provider/context.ts";
import type { Handler, HandlerCall, PropertyDiffs } from "../../../provider/handlers/handler.ts";
import { removalSentences } from "../../../provider/notices/removals.ts";
import { type Properties, UNKNOWN } from "../../../provider/wire/values.ts";
import { DROPLET_MACHINE } from "../machine.ts";
import type { Droplets, MetDroplet } from "./met-droplets.ts";

/**
 * A droplet as a host that is reached: this waits until the droplet accepts our login, pins its key and writes the
 * inventory. The droplet itself belongs to the vendor's provider. Inputs: `{host, machine, address, replace?}`, of which
 * the middle two are known once the droplet exists; the state also has one of the host's keys.
 */
export function dropletHostHandler(services: ProviderContext, droplets: Droplets): Handler {
  return {
    id: hostOf,
    check: (_call, news) => ({ inputs: news, failures: [] }),
    diff,
    foresee: async ({ log }, news) => {
      if (news["address"] === UNKNOWN) {
        await log(
          "info",
          `${hostOf(news)} gets its address from DigitalOcean during \`up\`; its key is pinned then`,
        );
      }
    },
    create: (call, news) => meet(services, droplets, call, news),
    read: async (call, _id, recorded) => {
      services.seen.note({ urn: call.urn, inputs: recorded.inputs });
      if (services.isDestroy) await tellDestroy(services, call, recorded.inputs);
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
      return meet(services, droplets, call, news);
    },
    delete: async (_call, state) => {
      droplets.forget(hostOf(state));
      changed(services, hostOf(state));
    },
  };
}

async function meet(
  services: ProviderContext,
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
  const hostKeys = await droplets.meet(host, droplet, (line) => void log("info", line));
  changed(services, host);
  return stateOf(host, { ...droplet, hostKeys });
}

/** What was known of a host before it was met does not count any more. */
function changed({ hosts, looks }: ProviderContext, host: string): void {
  hosts.reset(host);
  looks.forget(host);
}

function stateOf(host: string, { machine, address, replace, hostKeys }: MetDroplet): Properties {
  const [hostKey = ""] = hostKeys;
  return { host, machine, address, hostKey, ...(replace !== undefined && { replace }) };
}

function diff(_call: HandlerCall, state: Properties, news: Properties): PropertyDiffs {
  const differing = ["host", "machine", "address", "replace"].filter((key) => state[key] !== news[key]);
  return Object.fromEntries(differing.map((key) => [key, { kind: "update" }]));
}

/** Everything on a droplet is deleted with its disk; its records name the agents. */
async function tellDestroy(
  { looks }: ProviderContext,
  { urn, log }: HandlerCall,
  inputs: Properties,
): Promise<void> {
  const host = hostOf(inputs);
  const look = await looks.at(host, urn.owner).catch(() => undefined);
  const isProtected = inputs["protect"] === true;
  const text = DROPLET_MACHINE.removalText(inputs);
  const machine = { name: host, host, items: [], isProtected, why: "", machine: text };
  const others = Object.keys(look?.resources ?? {}).map((name) => ({ ...machine, name }));
  for (const sentence of removalSentences([machine, ...others], "destroy")) await log("warning", sentence);
}

function hostOf(properties: Properties): string {
  const { host } = properties;
  if (typeof host === "string") return host;
  const why = "its inputs name no host.";
  throw new InvalidError({ what: "the droplet's host cannot be read", why, next: "Run `pulumi up`." });
}
