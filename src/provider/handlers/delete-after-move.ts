import type { ProviderContext } from "../context.ts";
import type { Handler } from "./handler.ts";

/** What an agent needs that is to move stays until it has: the engine removes even where another host failed. */
export function deletingAfterMove({ moves }: ProviderContext, handler: Handler): Handler {
  return {
    ...handler,
    delete: async (call, state) => {
      moves.refuseEarly(call.urn.name, `${state["host"]}`);
      await handler.delete(call, state);
    },
  };
}
