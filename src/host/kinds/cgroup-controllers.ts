import { readFileSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import type { ControllersItem, Observation } from "../../model/items.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Host } from "../context.ts";
import { supportOf } from "../system/cgroups.ts";
import type { Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/** Whether limits are enforced on this host. Muster cannot change that: the kernel and the container decide. */
export const controllers: Kind<ControllersItem> = {
  observe: ({ host }, targets) => targets.map(({ item }) => observeControllers(host, item)),
  converge: (_, { item }, observed) => {
    const lacking = LIMITS.filter((limit) => item.want[limit] !== undefined && observed[limit] !== "held");
    if (lacking.length === 0) return;
    throw new MusterError({
      what: "the controllers of limits",
      why: `limits of ${lacking.join(", ")} do not count on this host: ${lacking.map((limit) => observed[limit]).join(", ")}.`,
      next:
        "Where its kernel has it off, boot with `cgroup_enable=memory`; where it is a container, let whatever runs it " +
        "give it its own writable cgroups; or take `limits` out of fleet.yaml.",
    });
  },
  remove: () => [],
  // Everything else on the host comes first.
  afterReload: true,
};

function observeControllers(host: Host, { want }: ControllersItem): Observation {
  return orUnknown(() => {
    const mounts = readFileSync(host.paths.mounts, "utf8");
    const wanted = LIMITS.filter((limit) => want[limit] !== undefined);
    return { props: Object.fromEntries(wanted.map((limit) => [limit, supportOf(limit, mounts)])) };
  });
}
