import { RESOURCE_TYPES } from "../../model/declaration.ts";
import type { Services } from "../services.ts";
import { dropletHostHandler } from "./droplet-host.ts";
import type { Handler } from "./handler.ts";
import { itemHandler } from "./items/index.ts";
import { leavingOthers } from "./leave.ts";
import { localHostHandler } from "./local-host.ts";

/** The handler of each type, by its token. */
export function handlersOf(services: Services): Readonly<Record<string, Handler>> {
  const items = leavingOthers(services, itemHandler(services));
  const ofItems = RESOURCE_TYPES.map((type) => [`muster:index:${type}`, items] as const);
  return {
    "muster:index:LocalHost": leavingOthers(services, localHostHandler(services)),
    "muster:index:DropletHost": leavingOthers(services, dropletHostHandler(services)),
    ...Object.fromEntries(ofItems),
  };
}
