import type { Check } from "../../base/doctor-check.ts";
import type { Fleet } from "../../config/fleet.ts";
import { WHOLE_FLEET } from "../../model/stack-slice.ts";
import { withHosts } from "../connections.ts";
import { queryHost } from "../query-host.ts";

/** Checks every host by connecting to it, all at the same time. */
export function hostChecks(fleet: Fleet): Promise<Check[]> {
  return withHosts(fleet, WHOLE_FLEET, (open) =>
    Promise.all(
      Object.keys(fleet.hosts).map(async (name) => {
        const { host, answer } = await queryHost(fleet, name, open, async (reader) => reader.hello);
        const check = `host ${name}`;
        if (answer !== undefined) return { name: check, ok: true, detail: `answers, Node ${answer.node}` };
        const ok = host.state === "empty" || host.intermittent ? ("warn" as const) : false;
        return { name: check, ok, detail: host.reason ?? host.state };
      }),
    ),
  );
}
