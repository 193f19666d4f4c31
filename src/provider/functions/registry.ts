import { CLOUD_TOKEN, type CloudQuestion } from "../../model/cloud.ts";
import { ROSTER_TOKEN, type Roster } from "../../model/roster.ts";
import type { Services } from "../services.ts";
import type { Properties } from "../values.ts";
import { cloud } from "./cloud.ts";
import { roster } from "./roster.ts";
import type { Tell } from "./tell.ts";

/** A function of the provider that the program may call. */
export type ProviderFunction = (args: Properties, tell: Tell) => Promise<Properties>;

/** The functions, by their token. */
export function functionsOf(services: Services): Readonly<Record<string, ProviderFunction>> {
  return {
    // The program is ours and sends a roster; what it gets is plain data as well.
    [CLOUD_TOKEN]: async (args, tell) =>
      (await cloud(services, args as unknown as CloudQuestion, tell)) as unknown as Properties,
    [ROSTER_TOKEN]: async (args, tell) =>
      (await roster(services, args as unknown as Roster, tell)) as unknown as Properties,
  };
}
