import { RESOURCE_TYPES } from "../../model/declaration.ts";
import type { Services } from "../services.ts";
import { dropletHostHandler } from "./droplet-host.ts";
import type { Handler } from "./handler.ts";
import { itemHandler } from "./items/index.ts";
import { leavingOthers } from "./leave.ts";
import { localHostHandler } from "./local-host.ts";
import { stayingUntilMoved } from "./moving.ts";

/** The handler of each type, by its token. */
export function handlersOf(services: Services): Readonly<Record<string, Handler>> {
  const guarded = (handler: Handler) => stayingUntilMoved(services, leavingOthers(services, handler));
  const items = guarded(itemHandler(services));
  const ofItems = RESOURCE_TYPES.map((type) => [`muster:index:${type}`, items] as const);
  return {
    "muster:index:LocalHost": guarded(localHostHandler(services)),
    "muster:index:DropletHost": guarded(dropletHostHandler(services)),
    ...Object.fromEntries(ofItems),
  };
}
