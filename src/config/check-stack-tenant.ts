import { InvalidError } from "../base/errors.ts";
import type { Slice } from "../model/stack-settings.ts";
import type { Fleet } from "./fleet.ts";
import { didYouMean } from "./suggest.ts";

/**
 * Checks that fleet.yaml declares the tenant of a slice, and a key for the tenant's stack.
 *
 * @throws InvalidError if the tenant or the key is missing
 */
export function checkTenant(fleet: Fleet, slice: Slice): void {
  if (slice.kind !== "tenant") return;
  const { tenant } = slice;
  if (!Object.hasOwn(fleet.tenants, tenant)) {
    const why = `fleet.yaml declares no tenant "${tenant}"${didYouMean(tenant, new Set(Object.keys(fleet.tenants)))}.`;
    throw new InvalidError({
      what: `the slice tenant:${tenant} is invalid`,
      why,
      next: "Change `muster:slice` in the configuration of this stack.",
    });
  }
  if (fleet.tenants[tenant]?.key !== undefined) return;
  const why = `tenants.${tenant} in fleet.yaml has no key, so its stack cannot log in to any host.`;
  throw new InvalidError({
    what: `the slice tenant:${tenant} is invalid`,
    why,
    next: `Run \`npx fleet stack add ${tenant}\`.`,
  });
}
