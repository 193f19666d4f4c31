import type { ProviderContext } from "../../context.ts";
import { isNothingInstalled } from "../../hosts/host-errors.ts";
import type { Properties } from "../../wire/values.ts";
import type { HandlerCall } from "../handler.ts";
import { hostItems, parseProperties } from "./inputs.ts";
import { isRuntime } from "./read-items.ts";

/** Removes the items of the resource from its host. Moves an agent's own data aside, and prints the new path. */
export async function deleteItems(
  context: ProviderContext,
  call: HandlerCall,
  state: Properties,
): Promise<void> {
  const { host, id, items } = parseProperties(state);
  try {
    const { owner } = call.urn;
    const remover = await context.hosts.remover(host);
    const { aside, givenBack = [] } = await remover.remove({
      op: "remove",
      id,
      owner,
      items: hostItems(items),
    });
    for (const path of aside) await call.log("info", `${host}: agent data was moved aside to ${path}`);
    for (const sentence of givenBack) await call.log("info", `${host}: ${sentence}`);
    if (isRuntime(items)) await remover.uninstall();
  } catch (error) {
    if (!isNothingInstalled(error)) throw error;
  } finally {
    context.observations.forget(host);
  }
}
