import { InvalidError } from "../../base/errors.ts";
import { WHOLE_FLEET } from "../../model/slice.ts";
import type { Fleet } from "../../spec/fleet.ts";
import { askHost } from "../ask.ts";
import { withHosts } from "../connections.ts";

/**
 * A host that answers is better removed than forgotten: its agents would go on with nobody to know of them.
 *
 * @param next what to do instead
 */
export async function refuseAnswering(fleet: Fleet, host: string, next: string): Promise<void> {
  const { answer } = await withHosts(fleet, WHOLE_FLEET, (open) =>
    askHost(fleet, host, open, async ({ hello }) => hello),
  );
  if (answer === undefined) return;
  throw new InvalidError({
    what: `${host} was not forgotten`,
    why: "it answers.",
    next,
  });
}
