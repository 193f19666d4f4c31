import { InvalidError, MusterError } from "../../../base/errors.ts";
import type { ProviderContext } from "../../../provider/context.ts";
import type { ActualState, Handler, HandlerCall, PropertyDiffs } from "../../../provider/handlers/handler.ts";
import { removalSentences } from "../../../provider/notices/removals.ts";
import { messageOf, PartialError } from "../../../provider/wire/partial-error.ts";
import type { Properties } from "../../../provider/wire/values.ts";
import { LOCAL_MACHINE } from "../machine.ts";
import type { LocalHostControl } from "./local-host-control.ts";

/** A Debian that Muster boots on this machine. Inputs and state: `{host, running}`. */
export function localHostHandler(services: ProviderContext, machines: LocalHostControl): Handler {
  return {
    id: hostOf,
    check: (_call, news) => ({ inputs: news, failures: [] }),
    diff,
    create: (call, news) => {
      const progress = (line: string) => void call.log("info", line);
      return changing(services, news, (host) => machines.create(host, progress));
    },
    read: async (call, id, recorded) => {
      services.seen.note({ urn: call.urn, inputs: recorded.inputs });
      if (services.isDestroy) await tellDestroy(services, call, recorded.inputs);
      return read(machines, id, recorded);
    },
    update: (_call, news, state) =>
      changing(services, news, async (host) => {
        const former = hostOf(state);
        if (former !== host) machines.rename(former, host);
        await machines.boot(host);
      }),
    delete: async (_call, state) => void (await changing(services, state, machines.remove)),
  };
}

/** What was known of a host before it was booted or removed does not count any more. */
async function changing(
  { hosts, looks }: ProviderContext,
  properties: Properties,
  change: (host: string) => Promise<void>,
): Promise<Properties> {
  const host = hostOf(properties);
  await change(host);
  hosts.reset(host);
  looks.forget(host);
  return { host, running: true };
}

function diff(_call: HandlerCall, state: Properties, news: Properties): PropertyDiffs {
  return {
    ...(state["host"] === news["host"] ? {} : { host: { kind: "update" } }),
    ...(state["running"] === news["running"] ? {} : { running: { kind: "update" } }),
  };
}

/** @throws PartialError where the state cannot be read: the host is then unknown, not absent */
function read(machines: LocalHostControl, id: string, recorded: ActualState): ActualState | undefined {
  const host = hostOf(recorded.inputs);
  try {
    const state = machines.state(host);
    if (state === "absent") return undefined;
    const running = state === "running";
    return { inputs: { ...recorded.inputs, running }, state: { host, running } };
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    throw new PartialError({ id, ...recorded, reasons: [messageOf(error)] });
  }
}

/** Everything on a local host is deleted with its disk; its records name the agents. */
async function tellDestroy({ looks }: ProviderContext, call: HandlerCall, inputs: Properties): Promise<void> {
  const host = hostOf(inputs);
  const look = await looks.at(host, call.urn.owner).catch(() => undefined);
  const going = [host, ...Object.keys(look?.resources ?? {})].map((name) => {
    const isProtected = inputs["protect"] === true;
    return { name, host, items: [], isProtected, why: "", machine: LOCAL_MACHINE.removalText(inputs) };
  });
  for (const sentence of removalSentences(going, "destroy")) await call.log("warning", sentence);
}

function hostOf(properties: Properties): string {
  const { host } = properties;
  if (typeof host === "string") return host;
  const why = "its inputs name no host.";
  throw new InvalidError({ what: "the local host cannot be read", why, next: "Run `pulumi up`." });
}
