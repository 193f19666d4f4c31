import { MusterError } from "../../base/errors.ts";
import type { TenantScope } from "../../model/tenant-scope.ts";

/** Refuses a request of a tenant in a sentence. */
export function refuse({ tenant }: TenantScope, what: string, why: string): never {
  const next =
    "A tenant's stack has its own agents' resources alone; for an agent that is new in fleet.yaml, run " +
    "`npx pulumi up` of the platform's stack first.";
  throw new MusterError({ what: `${what} was refused to tenant ${tenant}`, why, next });
}
