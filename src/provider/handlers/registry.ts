import { RESOURCE_TYPES } from "../../model/declaration.ts";
import type { ProviderContext } from "../context.ts";
import { deletingAfterMove, deletingOwnSlice } from "./delete-guards.ts";
import { dropletHostHandler } from "./droplet-host.ts";
import { formerAgentHandlers } from "./former-agent.ts";
import type { Handler } from "./handler.ts";
import { itemHandler } from "./items/index.ts";
import { localHostHandler } from "./local-host.ts";

/** The handler of each type, by its token. */
export function handlersOf(services: ProviderContext): Readonly<Record<string, Handler>> {
  const guarded = (handler: Handler) => deletingAfterMove(services, deletingOwnSlice(services, handler));
  const items = guarded(itemHandler(services));
  const byType = {
    LocalHost: guarded(localHostHandler(services)),
    DropletHost: guarded(dropletHostHandler(services)),
    ...Object.fromEntries(RESOURCE_TYPES.map((type) => [type, items])),
    ...formerAgentHandlers(services, items),
  };
  return Object.fromEntries(
    Object.entries(byType).map(([type, handler]) => [`muster:index:${type}`, handler]),
  );
}
