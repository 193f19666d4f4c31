import { PREFLIGHT_TOKEN, type PreflightRequest } from "../../model/preflight.ts";
import type { ProviderContext } from "../context.ts";
import type { HostKindProvider } from "../host-kind-provider.ts";
import type { Properties } from "../wire/values.ts";
import { preflight } from "./preflight.ts";
import type { ProviderFunction } from "./provider-function.ts";

/** The functions, by their token. */
export function functionsOf(
  services: ProviderContext,
  kinds: readonly HostKindProvider[],
): Readonly<Record<string, ProviderFunction>> {
  return {
    // The program is ours and sends this type; what it gets is plain data as well.
    [PREFLIGHT_TOKEN]: async (args, report) =>
      (await preflight(services, args as unknown as PreflightRequest, report)) as unknown as Properties,
    ...Object.assign({}, ...kinds.map((kind) => kind.functions?.(services))),
  };
}
