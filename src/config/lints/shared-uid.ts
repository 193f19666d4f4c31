import type { Lint } from "./lint.ts";

/** Warns about `isolation: tenant`: it is allowed, but its cost should be known. */
export const sharedUid: Lint = (fleet) =>
  Object.values(fleet.tenants)
    .filter((tenant) => tenant.isolation === "tenant")
    .map((tenant) => ({
      keys: ["tenants", tenant.name, "isolation"],
      sentence: "all agents of this tenant share one uid and can read each other's secrets",
      level: "warning",
    }));
