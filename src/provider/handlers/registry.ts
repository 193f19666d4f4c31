import { RESOURCE_TYPES } from "../../model/declaration.ts";
import type { Services } from "../services.ts";
import type { Handler } from "./handler.ts";
import { itemHandler } from "./items/index.ts";
import { localHostHandler } from "./local-host.ts";

/** The handler of each type, by its token. */
export function handlersOf(services: Services): Readonly<Record<string, Handler>> {
  const items = itemHandler(services);
  const ofItems = RESOURCE_TYPES.map((type) => [`muster:index:${type}`, items] as const);
  return { "muster:index:LocalHost": localHostHandler(services), ...Object.fromEntries(ofItems) };
}
