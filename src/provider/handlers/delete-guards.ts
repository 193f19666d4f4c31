import { MusterError } from "../../base/errors.ts";
import { inSlice, type Slice, sliceText } from "../../model/stack-settings.ts";
import type { ProviderContext } from "../context.ts";
import type { Properties } from "../wire/values.ts";
import type { Handler, HandlerCall } from "./handler.ts";

/**
 * Refuses to delete a resource while an agent that must move still needs the resource. Otherwise, the engine would
 * delete the resource even after a failed move.
 */
export function deletingAfterMove({ moves }: ProviderContext, handler: Handler): Handler {
  return {
    ...handler,
    delete: async (call, state) => {
      moves.refuseEarly(call.urn.name, `${state["host"]}`);
      await handler.delete(call, state);
    },
  };
}

/**
 * Deletes only resources in the stack's own slice. Every other resource belongs to another stack already, or another
 * stack must first take over the resource.
 */
export function deletingOwnSlice(context: ProviderContext, handler: Handler): Handler {
  return {
    ...handler,
    delete: (call, state) => {
      const { slice } = context.stack();
      return inSlice(slice, call.urn) ? handler.delete(call, state) : leave(context, slice, call, state);
    },
  };
}

/**
 * Drops a resource from the state without removing anything from its host, because the resource is not in this stack's
 * slice.
 *
 * @throws MusterError if the resource still belongs to this stack
 */
async function leave(
  context: ProviderContext,
  slice: Slice,
  { urn, log }: HandlerCall,
  state: Properties,
): Promise<void> {
  const id = state["resource"];
  if (id === undefined) throw stillOwned(slice, urn.name, urn.owner);
  const reader = await context.hosts.reader(`${state["host"]}`);
  const { recorded } = await reader.observe({ op: "observe", owner: urn.owner, resources: [] });
  const owners = recorded.filter((record) => record.id === id).map(({ owner }) => owner);
  if (owners.includes(urn.owner)) throw stillOwned(slice, urn.name, urn.owner);
  await log(
    "info",
    `left on its host: ${owners.length > 0 ? `it belongs to ${owners.join(", ")}` : "it belongs to no stack"}`,
  );
}

function stillOwned(slice: Slice, name: string, owner: string): MusterError {
  return new MusterError({
    what: `${name} was not removed`,
    why: `it is not in this stack's slice (${sliceText(slice)}), but still belongs to ${owner} on its host.`,
    next: "First run `npx pulumi up` for the stack that takes it over: see docs/tenants.md.",
  });
}
