import type { Price, Prices } from "../../model/usage.ts";
import type { ProviderSpec } from "../fleet.ts";
import type { RawProvider } from "../fleet-yaml-types.ts";
import { secondsOf } from "../yaml-values.ts";
import type { Resolver } from "./context.ts";
import { healthOf } from "./health.ts";

/** The default user of a probe that runs a command. */
const PROBE_USER = "nobody";

/** Returns the prices without the keys that Muster ignores. */
function pricesOf(raw: NonNullable<RawProvider["prices"]>): { readonly prices?: Prices } {
  const entries = Object.entries(raw).filter(([name]) => !name.startsWith("x-")) as [string, Price][];
  if (entries.length === 0) return {};
  const prices = entries.map(([name, { input, output, cacheRead, cacheWrite }]) => [
    name,
    {
      ...{ input, output },
      ...(cacheRead !== undefined && { cacheRead }),
      ...(cacheWrite !== undefined && { cacheWrite }),
    },
  ]);
  return { prices: Object.fromEntries(prices) as Prices };
}

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
    ...pricesOf(raw?.prices ?? {}),
  };
};
