import { readFileSync } from "node:fs";
import { MusterError } from "../../base/errors.ts";
import type { ControllersItem, Observation, Props, Refusal } from "../../model/items.ts";
import { LIMITS } from "../../model/unit-limits.ts";
import type { Host } from "../context.ts";
import { supportOf } from "../system/cgroups.ts";
import type { Kind } from "./kind.ts";
import { orUnknown } from "./observe-as-user.ts";

/**
 * Checks that this host enforces limits. Muster cannot enable limits, because the configuration of the host's kernel or
 * container determines whether limits are enforced.
 */
export const controllers: Kind<ControllersItem> = {
  observe: ({ host }, targets) => targets.map(({ item }) => observeControllers(host, item)),
  converge: (_, { item }, observed) => {
    const refusal = refusalOf(item, observed);
    if (refusal !== undefined)
      throw new MusterError({ what: "the cgroup controllers for limits", ...refusal });
  },
  remove: () => [],
  // Everything else on the host is converged first, because an error here would stop the rest.
  afterReload: true,
};

function observeControllers(host: Host, { want }: ControllersItem): Observation {
  return orUnknown(() => {
    const mounts = readFileSync(host.paths.mounts, "utf8");
    const wanted = LIMITS.filter((limit) => want[limit] !== undefined);
    const props = Object.fromEntries(wanted.map((limit) => [limit, supportOf(limit, mounts)]));
    const refusal = refusalOf({ want }, props);
    return { props, ...(refusal && { refusal }) };
  });
}

function refusalOf({ want }: Pick<ControllersItem, "want">, observed: Props): Refusal | undefined {
  const lacking = LIMITS.filter((limit) => want[limit] !== undefined && observed[limit] !== "held");
  if (lacking.length === 0) return undefined;
  return {
    why: `this host does not enforce limits: ${lacking.map((limit) => `the controller for ${limit} is ${observed[limit]}`).join(", ")}.`,
    next:
      "If the host's kernel has disabled the controller, boot with `cgroup_enable=memory`. If the host is a " +
      "container, give it its own writable cgroups. Otherwise, remove `limits` from fleet.yaml.",
  };
}
