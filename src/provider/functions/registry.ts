import { CLOUD_TOKEN, type CloudQuestion } from "../../model/droplet-preflight.ts";
import { PREFLIGHT_TOKEN, type PreflightRequest } from "../../model/preflight.ts";
import type { ProviderContext } from "../context.ts";
import type { Properties } from "../wire/values.ts";
import { dropletPreflight } from "./droplet-preflight.ts";
import { preflight } from "./preflight.ts";
import type { Report } from "./report.ts";

/** A function of the provider that the program may call. */
export type ProviderFunction = (args: Properties, tell: Report) => Promise<Properties>;

/** The functions, by their token. */
export function functionsOf(services: ProviderContext): Readonly<Record<string, ProviderFunction>> {
  return {
    // The program is ours, so its input has the right form; the answer is plain data as well.
    [CLOUD_TOKEN]: async (args, tell) =>
      (await dropletPreflight(services, args as unknown as CloudQuestion, tell)) as unknown as Properties,
    [PREFLIGHT_TOKEN]: async (args, tell) =>
      (await preflight(services, args as unknown as PreflightRequest, tell)) as unknown as Properties,
  };
}
