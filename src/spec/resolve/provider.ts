import type { ProviderSpec } from "../fleet.ts";
import type { RawProvider } from "../raw.ts";
import type { Resolver } from "./context.ts";

/** A provider of models. */
export const resolveProvider: Resolver<RawProvider | null, ProviderSpec> = (name, raw) => ({
  name,
  vendor: raw?.vendor ?? name,
  ...(raw?.account !== undefined && { account: raw.account }),
  ...(raw?.region !== undefined && { region: raw.region }),
});
