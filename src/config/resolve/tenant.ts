import { GATE_NAME_MAX } from "../../model/gate-account.ts";
import type { TenantSpec } from "../fleet.ts";
import type { RawTenant } from "../fleet-yaml-types.ts";
import { formerNames } from "../renames.ts";
import { isReserved } from "../reserved-names.ts";
import type { Resolver } from "./context.ts";
import { limitsOf } from "./limits.ts";

/**
 * Resolves a tenant and fills in the defaults. Refuses the name of a system group, because the tenant's name becomes
 * the name of a Linux group.
 */
export const resolveTenant: Resolver<RawTenant | null, TenantSpec> = (name, raw, keys, context) => {
  if (isReserved(name)) {
    context.report.error(context.source, keys, "is the name of a system group: choose another name", "key");
    return undefined;
  }
  if (raw?.key !== undefined && name.length > GATE_NAME_MAX) {
    const sentence = `must be at most ${GATE_NAME_MAX} characters, because the account for its key is named after it`;
    context.report.error(context.source, keys, sentence, "key");
    return undefined;
  }
  return {
    name,
    isolation: raw?.isolation ?? "agent",
    formerly: formerNames(context.source, "tenants", name),
    protect: raw?.protect ?? false,
    ...(raw?.key !== undefined && { key: raw.key }),
    limits: limitsOf(raw?.limits),
  };
};
