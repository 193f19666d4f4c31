import { InvalidError, MusterError } from "../../../base/errors.ts";
import type { ProviderContext } from "../../../provider/context.ts";
import type { ActualState, Handler, HandlerCall, PropertyDiffs } from "../../../provider/handlers/handler.ts";
import { removalSentences } from "../../../provider/notices/removals.ts";
import { messageOf, PartialError } from "../../../provider/wire/partial-error.ts";
import type { Properties } from "../../../provider/wire/values.ts";
import { LOCAL_MACHINE } from "../machine-resources.ts";
import type { LocalHostControl } from "./local-host-control.ts";

/** Returns the handler of the LocalHost resource. The inputs and the state of the resource are `{host, running}`. */
export function localHostHandler(context: ProviderContext, machines: LocalHostControl): Handler {
  return {
    id: hostOf,
    check: (_call, news) => ({ inputs: news, failures: [] }),
    diff,
    create: (call, news) => {
      const progress = (line: string) => void call.log("info", line);
      return changing(context, news, async (host) =>
        report(call, host, await machines.create(host, progress)),
      );
    },
    read: async (call, id, recorded) => {
      context.engineState.note({ urn: call.urn, inputs: recorded.inputs });
      if (context.isDestroy) await reportDestroy(context, call, recorded.inputs);
      return read(machines, id, recorded);
    },
    update: (call, news, state) =>
      changing(context, news, async (host) => {
        const former = hostOf(state);
        if (former !== host) machines.rename(former, host);
        await report(call, host, await machines.boot(host));
      }),
    delete: async (_call, state) => void (await changing(context, state, machines.remove)),
  };
}

async function report(call: HandlerCall, host: string, warning: string | undefined): Promise<void> {
  if (warning !== undefined) await call.log("warning", `${host}: ${warning}`);
}

/**
 * Changes a host. Then removes the connection and the observation of the host from the caches, because both
 * are out of date after the change.
 */
async function changing(
  { hosts, observations }: ProviderContext,
  properties: Properties,
  change: (host: string) => Promise<void>,
): Promise<Properties> {
  const host = hostOf(properties);
  await change(host);
  hosts.reset(host);
  observations.forget(host);
  return { host, running: true };
}

function diff(_call: HandlerCall, state: Properties, news: Properties): PropertyDiffs {
  return {
    ...(state["host"] === news["host"] ? {} : { host: { kind: "update" } }),
    ...(state["running"] === news["running"] ? {} : { running: { kind: "update" } }),
  };
}

/**
 * Reads the state of a host.
 *
 * @returns undefined if the host does not exist
 * @throws PartialError if the state cannot be read. The host might then still exist.
 */
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

/**
 * Warns about everything that `destroy` deletes together with a host, such as the agents in the host's
 * records.
 */
async function reportDestroy(
  { observations }: ProviderContext,
  call: HandlerCall,
  inputs: Properties,
): Promise<void> {
  const host = hostOf(inputs);
  const observation = await observations.at(host, call.urn.owner).catch(() => undefined);
  const removed = [host, ...Object.keys(observation?.resources ?? {})].map((name) => {
    const isProtected = inputs["protect"] === true;
    return { name, host, items: [], isProtected, why: "", machine: LOCAL_MACHINE.removalText() };
  });
  for (const sentence of removalSentences(removed, "destroy")) await call.log("warning", sentence);
}

function hostOf(properties: Properties): string {
  const { host } = properties;
  if (typeof host === "string") return host;
  const why = "`host` is missing.";
  throw new InvalidError({
    what: "the inputs of a local host are invalid",
    why,
    next: "Run `npx pulumi up`.",
  });
}
