import type { Lint } from "./lint.ts";

/** Warns about `isolation: tenant`, which is allowed but isolates the tenant's agents less from each other. */
export const sharedUid: Lint = (fleet) =>
  Object.values(fleet.tenants)
    .filter((tenant) => tenant.isolation === "tenant")
    .map((tenant) => ({
      keys: ["tenants", tenant.name, "isolation"],
      sentence: "all agents of this tenant share one uid and can read each other's secrets",
      level: "warning",
    }));
