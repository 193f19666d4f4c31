import { InvalidError } from "../../base/errors.ts";
import type { Fleet } from "../../config/fleet.ts";
import { WHOLE_FLEET } from "../../model/stack-settings.ts";
import { withHosts } from "../connections.ts";
import { queryHost } from "../query-host.ts";

/**
 * Refuses to forget a host that answers. Otherwise, the host's agents would keep running without a record in the state.
 *
 * @param next the next step that the error recommends
 * @throws InvalidError if the host answers
 */
export async function refuseReachable(fleet: Fleet, host: string, next: string): Promise<void> {
  const { answer } = await withHosts(fleet, WHOLE_FLEET, (open) =>
    queryHost(fleet, host, open, async ({ hello }) => hello),
  );
  if (answer === undefined) return;
  throw new InvalidError({
    what: `${host} was not forgotten`,
    why: "the host is reachable.",
    next,
  });
}
