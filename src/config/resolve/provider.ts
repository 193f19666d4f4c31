import type { ProviderSpec } from "../fleet.ts";
import type { RawProvider } from "../fleet-yaml-types.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Resolver } from "./context.ts";
import { healthOf } from "./health.ts";

/** The default user of a probe that runs a command. */
const PROBE_USER = "nobody";

/** Resolves a provider and fills in the defaults. */
export const resolveProvider: Resolver<RawProvider | null, ProviderSpec> = (name, raw, keys, context) => {
  const probe = raw?.probe && healthOf(raw.probe, [...keys, "probe"], PROBE_USER, context);
  return {
    name,
    vendor: raw?.vendor ?? name,
    ...(raw?.account !== undefined && { account: raw.account }),
    ...(raw?.region !== undefined && { region: raw.region }),
    ...(raw?.url !== undefined && { url: raw.url }),
    ...(raw?.start !== undefined && { stagger: secondsOf(raw.start.stagger) }),
    ...(probe && { probe }),
  };
};
