import { MusterError } from "../../base/errors.ts";
import { inSlice, type Slice, sliceText } from "../../model/stack-slice.ts";
import type { ProviderContext } from "../context.ts";
import type { Properties } from "../wire/values.ts";
import type { Handler, HandlerCall } from "./handler.ts";

/**
 * Keeps what an agent needs until the agent has moved: the engine removes it even after a failure on another host.
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
 * A stack removes only resources of its own slice. What it had before belongs to another stack now, or that stack
 * must take it over first.
 */
export function deletingOwnSlice(services: ProviderContext, handler: Handler): Handler {
  return {
    ...handler,
    delete: (call, state) => {
      const { slice } = services.stack();
      return inSlice(slice, call.urn) ? handler.delete(call, state) : leave(services, slice, call, state);
    },
  };
}

/** @throws MusterError where the resource still belongs to this stack: removing it would end what runs there */
async function leave(
  services: ProviderContext,
  slice: Slice,
  { urn, log }: HandlerCall,
  state: Properties,
): Promise<void> {
  const id = state["resource"];
  if (id === undefined) throw stillOurs(slice, urn.name, urn.owner);
  const reader = await services.hosts.reader(`${state["host"]}`);
  const { recorded } = await reader.observe({ op: "observe", owner: urn.owner, resources: [] });
  const owners = recorded.filter((record) => record.id === id).map(({ owner }) => owner);
  if (owners.includes(urn.owner)) throw stillOurs(slice, urn.name, urn.owner);
  await log(
    "info",
    `left on its host: ${owners.length > 0 ? `it belongs to ${owners.join(", ")}` : "it belongs to no stack"}`,
  );
}

function stillOurs(slice: Slice, name: string, owner: string): MusterError {
  return new MusterError({
    what: `${name} was not removed`,
    why: `it is not in this stack's slice (${sliceText(slice)}), but still belongs to ${owner} on its host.`,
    next: "Let the stack that should have it take it over first; docs/tenants.md says how.",
  });
}
