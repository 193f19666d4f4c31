import { PREFLIGHT_TOKEN, type PreflightRequest } from "../../model/preflight.ts";
import type { ProviderContext } from "../context.ts";
import type { HostKindProvider } from "../host-kind-provider.ts";
import type { Properties } from "../wire/values.ts";
import { preflight } from "./preflight.ts";
import type { ProviderFunction } from "./provider-function.ts";

/** Returns the functions that the program can call, by token. */
export function functionsOf(
  context: ProviderContext,
  kinds: readonly HostKindProvider[],
): Readonly<Record<string, ProviderFunction>> {
  return {
    // Only Muster's own program calls these functions, and it sends and expects these types.
    [PREFLIGHT_TOKEN]: async (args, report) =>
      (await preflight(context, args as unknown as PreflightRequest, report)) as unknown as Properties,
    ...Object.assign({}, ...kinds.map((kind) => kind.functions?.(context))),
  };
}
