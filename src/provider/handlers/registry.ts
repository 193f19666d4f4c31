import type { Services } from "../services.ts";
import type { Handler } from "./handler.ts";
import { itemHandler } from "./items/index.ts";
import { localHostHandler } from "./local-host.ts";

/** The handler of each type, by its token. */
export function handlersOf(services: Services): Readonly<Record<string, Handler>> {
  const items = itemHandler(services);
  return {
    "muster:index:LocalHost": localHostHandler(services),
    "muster:index:Host": items,
    "muster:index:Tenant": items,
    "muster:index:Identity": items,
    "muster:index:ContactBook": items,
    "muster:index:Credential": items,
    "muster:index:AgentUnit": items,
  };
}
