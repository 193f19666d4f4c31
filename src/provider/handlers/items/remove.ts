import { isNothingInstalled } from "../../host-errors.ts";
import type { Services } from "../../services.ts";
import type { Properties } from "../../values.ts";
import type { Call } from "../handler.ts";
import { hostItems, parseProperties } from "./inputs.ts";
import { isRuntime } from "./read.ts";

/** Removes what the resource put on its host; an agent's own data is moved aside, and the person told where. */
export async function remove(services: Services, call: Call, state: Properties): Promise<void> {
  const { host, id, items } = parseProperties(state);
  try {
    const { owner } = call.urn;
    const remover = await services.hosts.remover(host);
    const { aside } = await remover.remove({ op: "remove", id, owner, items: hostItems(items) });
    for (const path of aside) await call.log("info", `${host}: moved aside, kept for you: ${path}`);
    if (isRuntime(items)) await remover.uninstall();
  } catch (error) {
    if (!isNothingInstalled(error)) throw error;
  } finally {
    services.looks.forget(host);
  }
}
