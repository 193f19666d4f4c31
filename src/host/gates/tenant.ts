import { MusterError } from "../../base/errors.ts";
import type { TenantScope } from "../../model/tenant-scope.ts";
import { ps } from "../ps.ts";
import type { Gate } from "./gate.ts";

/** Serves one tenant: its own agents, and nothing else on the host. */
export const tenant: Gate<TenantScope> = (scope) => {
  const units = new Set(scope.agents.map(({ unit }) => unit));
  return {
    ps: (host, request) => {
      const foreign = request.units.find((unit) => !units.has(unit));
      if (foreign !== undefined) throw refused(scope, foreign, "it is not a unit of this tenant's agents");
      return ps(host, request);
    },
  };
};

function refused({ tenant: name }: TenantScope, what: string, why: string): MusterError {
  return new MusterError({ what: `${what} was refused to tenant ${name}`, why });
}
