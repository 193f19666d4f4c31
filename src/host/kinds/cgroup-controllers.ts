import { readFileSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import type { ControllersItem, Observation } from "../../model/items.ts";
import { LIMITS } from "../../model/limits.ts";
import type { Host } from "../context.ts";
import { supportOf } from "../system/cgroups.ts";
import type { Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/** Checks that this host enforces limits. Only the host's kernel or container can be configured to do so. */
export const controllers: Kind<ControllersItem> = {
  observe: ({ host }, targets) => targets.map(({ item }) => observeControllers(host, item)),
  converge: (_, { item }, observed) => {
    const lacking = LIMITS.filter((limit) => item.want[limit] !== undefined && observed[limit] !== "held");
    if (lacking.length === 0) return;
    throw new MusterError({
      what: "the cgroup controllers for limits",
      why: `this host does not enforce limits: ${lacking.map((limit) => `the controller for ${limit} is ${observed[limit]}`).join(", ")}.`,
      next:
        "If its kernel has the controller disabled, boot with `cgroup_enable=memory`. If it is a container, give it " +
        "its own writable cgroups. Otherwise remove `limits` from fleet.yaml.",
    });
  },
  remove: () => [],
  // Everything else on the host is converged first, because an error here would stop the rest.
  afterReload: true,
};

function observeControllers(host: Host, { want }: ControllersItem): Observation {
  return orUnknown(() => {
    const mounts = readFileSync(host.paths.mounts, "utf8");
    const wanted = LIMITS.filter((limit) => want[limit] !== undefined);
    return { props: Object.fromEntries(wanted.map((limit) => [limit, supportOf(limit, mounts)])) };
  });
}
