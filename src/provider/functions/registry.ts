import { ROSTER_TOKEN, type Roster } from "../../model/roster.ts";
import type { Services } from "../services.ts";
import type { Properties } from "../values.ts";
import { roster, type Tell } from "./roster.ts";

/** A function of the provider that the program may call. */
export type ProviderFunction = (args: Properties, tell: Tell) => Promise<Properties>;

/** The functions, by their token. */
export function functionsOf(services: Services): Readonly<Record<string, ProviderFunction>> {
  return {
    // The program is ours and sends a roster; what it gets is plain data as well.
    [ROSTER_TOKEN]: async (args, tell) =>
      (await roster(services, args as unknown as Roster, tell)) as unknown as Properties,
  };
}
