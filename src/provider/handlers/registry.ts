import { RESOURCE_TYPES } from "../../model/declaration.ts";
import type { ProviderContext } from "../context.ts";
import type { HostKindProvider } from "../host-kind-provider.ts";
import { deletingAfterMove, deletingOwnSlice } from "./delete-guards.ts";
import type { Handler } from "./handler.ts";
import { itemHandler } from "./items/index.ts";
import { formerAgentHandlers } from "./legacy-agent-types.ts";

/** Returns the handler for each resource type, by the type's token. */
export function handlersOf(
  context: ProviderContext,
  kinds: readonly HostKindProvider[],
): Readonly<Record<string, Handler>> {
  const guarded = (handler: Handler) => deletingAfterMove(context, deletingOwnSlice(context, handler));
  const items = guarded(itemHandler(context));
  const machines = kinds.flatMap((kind) => Object.entries(kind.handlers(context)));
  const byType = {
    ...Object.fromEntries(machines.map(([type, handler]) => [type, guarded(handler)])),
    ...Object.fromEntries(RESOURCE_TYPES.map((type) => [type, items])),
    ...formerAgentHandlers(context, items),
  };
  return Object.fromEntries(
    Object.entries(byType).map(([type, handler]) => [`muster:index:${type}`, handler]),
  );
}
