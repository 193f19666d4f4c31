import { MusterError } from "../../base/errors.ts";
import type { TenantScope } from "../../model/tenant-scope.ts";

/** Refuses a tenant's request. @throws MusterError always */
export function refuse({ tenant }: TenantScope, what: string, why: string): never {
  const next =
    "A tenant's stack can have only the resources of its own agents. If the agent is new in fleet.yaml, run " +
    "`npx pulumi up` for the platform's stack first.";
  throw new MusterError({ what: `${what} was refused for tenant ${tenant}`, why, next });
}
