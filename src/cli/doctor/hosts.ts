import type { Check } from "../../base/check.ts";
import { WHOLE_FLEET } from "../../model/slice.ts";
import type { Fleet } from "../../spec/fleet.ts";
import { askHost } from "../ask.ts";
import { withHosts } from "../connections.ts";

/** Connects to every host, all at once. */
export function hostChecks(fleet: Fleet): Promise<Check[]> {
  return withHosts(fleet, WHOLE_FLEET, (open) =>
    Promise.all(
      Object.keys(fleet.hosts).map(async (name) => {
        const { host, answer } = await askHost(fleet, name, open, async (reader) => reader.hello);
        const check = `host ${name}`;
        if (answer !== undefined) return { name: check, ok: true, detail: `answers, Node ${answer.node}` };
        const ok = host.state === "empty" || host.intermittent ? ("warn" as const) : false;
        return { name: check, ok, detail: host.reason ?? host.state };
      }),
    ),
  );
}
